import { useEffect, useState } from "preact/hooks";
import { rowsOf, type Offering, type TicketType } from "../../event";
import type { Words } from "../../language/words";
import type { Line } from "../../transport/wire";
import { readSeats, type SeatRow } from "./api/read-seats";
import { PLACES_MAX, type Selection } from "./selection";

interface Props {
  readonly words: Words;
  readonly event: Offering;
  readonly selection: Selection;
  readonly heldLines: readonly Line[];
  readonly type: TicketType;
  readonly onChoose: (selection: Selection) => void;
}

const QUIET = { troubled: () => undefined, answered: () => undefined };

/** The seats of a numbered sector, row by row. */
export function SeatList({ words, event, selection, heldLines, type, onChoose }: Props) {
  const { performanceId } = selection;
  const chosen = selection.seats[type.ticket_type_id] ?? [];
  const mine = new Set(heldLines.filter((line) => line.performance_id === performanceId).flatMap((line) => line.seats));
  const [rows, setRows] = useState<readonly SeatRow[] | null>(null);
  useEffect(() => {
    let isCurrent = true;
    setRows(null);
    readSeats(event.event_id, performanceId, type.sector_id, QUIET).then(
      (read) => isCurrent && setRows(read),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [event.event_id, performanceId, type.sector_id, heldLines]);

  const limit = type.per_order_max ?? PLACES_MAX;
  const toggle = (label: string) => {
    const seats = chosen.includes(label) ? chosen.filter((one) => one !== label) : [...chosen, label].slice(-limit);
    onChoose({ ...selection, seats: { ...selection.seats, [type.ticket_type_id]: seats } });
  };
  const isTaken = (label: string, isFree: boolean) => !isFree && !mine.has(label);
  useEffect(() => {
    const gone = new Set((rows ?? []).flatMap((row) => row.seats.filter((seat) => isTaken(seat.label, seat.is_free)).map((seat) => seat.label)));
    if (chosen.some((label) => gone.has(label))) {
      onChoose({ ...selection, seats: { ...selection.seats, [type.ticket_type_id]: chosen.filter((label) => !gone.has(label)) } });
    }
  }, [rows]);

  return (
    <div class="seats">
      <p role="status" class="small seats-chosen">
        {chosen.length === 0 ? words.say("selection.seats_none") : words.say("selection.seats_chosen", { seats: words.seats(chosen) })}
      </p>
      {rows === null ? <RowsToCome words={words} count={rowsOf(event, type)} /> : null}
      {rows?.map((row) => (
        <Row key={row.label} words={words} row={row} chosen={chosen} isTaken={isTaken} onToggle={toggle} />
      ))}
    </div>
  );
}

/** As high as the rows will be, so that what stands below does not move when they come. */
function RowsToCome({ words, count }: { readonly words: Words; readonly count: number }) {
  return Array.from({ length: count }, (_, index) => (
    <p key={index} class="seat-row small soft">
      {index === 0 ? words.say("selection.seats_loading") : null}
    </p>
  ));
}

interface RowProps {
  readonly words: Words;
  readonly row: SeatRow;
  readonly chosen: readonly string[];
  readonly isTaken: (label: string, isFree: boolean) => boolean;
  readonly onToggle: (label: string) => void;
}

function Row({ words, row, chosen, isTaken, onToggle }: RowProps) {
  // A house has thousands of seats: those of a row are made when it is opened.
  const [isOpen, setOpen] = useState(row.seats.some((seat) => chosen.includes(seat.label)));
  const free = row.seats.filter((seat) => !isTaken(seat.label, seat.is_free)).length;
  return (
    <details class="seat-row" open={isOpen} onToggle={(happening) => setOpen(happening.currentTarget.open)}>
      <summary>
        <span>{words.say("selection.seats_row", { row: row.label })}</span>
        <span class="small soft">{words.count("selection.seats_free", free)}</span>
      </summary>
      {isOpen ? <Keys {...{ words, row, chosen, isTaken, onToggle }} /> : null}
    </details>
  );
}

function Keys({ words, row, chosen, isTaken, onToggle }: RowProps) {
  return (
    <div class="seat-keys" role="group" aria-label={words.say("selection.seats_row", { row: row.label })}>
      {row.seats.map((seat) => {
        const taken = isTaken(seat.label, seat.is_free);
        return (
          <button
            key={seat.label}
            type="button"
            class="seat"
            disabled={taken}
            aria-pressed={chosen.includes(seat.label)}
            aria-label={words.say(taken ? "selection.seats_taken" : "selection.seats_seat", { seat: seat.label })}
            onClick={() => onToggle(seat.label)}
          >
            {seat.label.slice(seat.label.lastIndexOf("-") + 1)}
          </button>
        );
      })}
    </div>
  );
}
