/**
 * Runs on organizers' own sites, whose policies may be strict: a classic script that needs no other, changes nothing but its own
 * elements, writes no markup and no style attribute, and evaluates nothing. docs/widget.md says how it is used.
 */
(() => {
  const NAME = "alltickets-event";
  const LANGUAGES: Record<string, readonly [prefix: string, title: string]> = { es: ["", "Entradas"], en: ["/en", "Tickets"], pt: ["/pt", "Ingressos"] };
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement) || customElements.get(NAME)) {
    return;
  }
  const shop = new URL(script.src).origin;

  class AllticketsEvent extends HTMLElement {
    readonly #frame = document.createElement("iframe");

    /** Only what the frame itself says, and only while it shows a page of the shop. */
    readonly #hear = ({ source, origin, data }: MessageEvent): void => {
      if (source !== this.#frame.contentWindow || origin !== shop || data?.kind !== "alltickets:height" || !(data.height > 0)) {
        return;
      }
      this.#frame.style.height = `${Math.ceil(data.height)}px`;
      // The link that stands here for browsers in which the frame does not come has done its duty.
      for (const child of this.children) {
        (child as HTMLElement).hidden = child !== this.#frame;
      }
    };

    connectedCallback(): void {
      const slug = this.getAttribute("event") ?? "";
      const [prefix, title] = LANGUAGES[this.lang.slice(0, 2)] ?? ["", "Entradas"];
      const frame = this.#frame;
      frame.src = `${shop}${prefix}/embed/${encodeURIComponent(slug)}`;
      frame.title = title;
      frame.style.display = "block";
      frame.style.width = "100%";
      frame.style.height = "0";
      frame.style.border = "0";
      frame.addEventListener("load", () => frame.contentWindow?.postMessage("alltickets:measure", shop));
      addEventListener("message", this.#hear);
      this.append(frame);
    }

    disconnectedCallback(): void {
      removeEventListener("message", this.#hear);
    }
  }
  customElements.define(NAME, AllticketsEvent);
})();
