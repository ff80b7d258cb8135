"""Every page of the shop in every state: reached as a buyer reaches it, to be photographed, and judged by axe and by Lighthouse."""
