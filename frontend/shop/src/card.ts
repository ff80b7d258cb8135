import { openCardForm } from "./card/form";

/** The script of the form for a card: only where one is shown. */
openCardForm();
