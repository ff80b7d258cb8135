import "./order.css";
import { offerCopies } from "./order/copying";
import { openClosed } from "./order/opening";
import { keepTicket } from "./order/keeping";
import { followOrder } from "./order/following";

/** The scripts of an order's pages. All of them are improvements: the pages are whole without. */
openClosed();
followOrder();
keepTicket();
offerCopies();
