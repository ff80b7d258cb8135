import { awaitOpening } from "./opening/waiting";

/** The script of an event whose sale has not opened: the page says when without it. */
void awaitOpening();
