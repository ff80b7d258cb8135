"""Use cases of holder questions."""

from uuid import UUID

import msgspec

from alltickets.catalog.events import EventPart
from alltickets.catalog.queries import EventFacts
from alltickets.catalog.refusals import KeyTaken, QuestionNotFound
from alltickets.catalog.rules.details import question_faults, require
from alltickets.catalog.schemas.fields import changes_of
from alltickets.catalog.schemas.organizer import QuestionChange, QuestionCreate, QuestionRead
from alltickets.catalog.service.editing import Editing, check_room, check_version
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Transaction

__all__ = ["Questions"]


class Questions:
    """What each ticket holder of an event is asked."""

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    async def add(self, actor: Actor, event_id: UUID, body: QuestionCreate) -> QuestionRead:
        """Add a question. Raises `EventNotFound`, `KeyTaken`, `InvalidDetails`, `TooManyParts`."""
        question = QuestionRead(question_id=new_id(), version=1, **msgspec.structs.asdict(body))
        async with self._editing.of(actor, event_id) as edit:
            check_room("questions", len(edit.before.event.questions))
            if any(one.key == body.key for one in edit.before.event.questions):
                raise KeyTaken(body.key)
            _require(edit.before, question)
            await _insert(edit.tx, event_id, question)
            await edit.changed(EventPart.QUESTION, question.question_id, "added", {"key": question.key})
        return _of(edit.after, question.question_id)

    async def change(self, actor: Actor, event_id: UUID, question_id: UUID, body: QuestionChange) -> QuestionRead:
        """Change a question. Raises `EventNotFound`, `QuestionNotFound`, `VersionConflict`, `InvalidDetails`."""
        changes = changes_of(body)
        async with self._editing.of(actor, event_id) as edit:
            before = _of(edit.before, question_id)
            check_version(body.version, before.version)
            after = msgspec.structs.replace(before, **changes)
            _require(edit.before, after)
            if changes:
                await _update(edit.tx, event_id, after)
                await edit.changed(EventPart.QUESTION, question_id, "changed", {"fields": ", ".join(sorted(changes))})
        return _of(edit.after, question_id)

    async def delete(self, actor: Actor, event_id: UUID, question_id: UUID) -> None:
        """Stop asking; answers that were given stay in their orders. Raises `EventNotFound`, `QuestionNotFound`."""
        async with self._editing.of(actor, event_id) as edit:
            before = _of(edit.before, question_id)
            await edit.tx.execute(
                """
                DELETE FROM catalog.questions
                 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND question_id = %(question_id)s
                """,
                event_id=event_id,
                question_id=question_id,
            )
            await edit.changed(EventPart.QUESTION, question_id, "deleted", {"key": before.key})


def _of(facts: EventFacts, question_id: UUID) -> QuestionRead:
    for one in facts.event.questions:
        if one.question_id == question_id:
            return one
    raise QuestionNotFound(question_id)


def _require(facts: EventFacts, question: QuestionRead) -> None:
    known = [one.ticket_type_id for one in facts.event.ticket_types]
    require(
        question_faults(kind=question.kind, options=question.options, ticket_type_ids=question.ticket_type_ids, known_ticket_type_ids=known)
    )


async def _insert(tx: Transaction, event_id: UUID, question: QuestionRead) -> None:
    await tx.execute(
        """
        INSERT INTO catalog.questions
               (organizer_id, event_id, question_id, key, label, kind, required, options, ticket_type_ids, position, version)
        VALUES (%(organizer_id)s, %(event_id)s, %(question_id)s, %(key)s, %(label)s, %(kind)s, %(required)s, %(options)s::text[],
                %(ticket_type_ids)s::uuid[], %(position)s, %(version)s)
        """,
        event_id=event_id,
        **_columns(question),
    )


async def _update(tx: Transaction, event_id: UUID, question: QuestionRead) -> None:
    await tx.execute(
        """
        UPDATE catalog.questions
           SET label = %(label)s, kind = %(kind)s, required = %(required)s, options = %(options)s::text[],
               ticket_type_ids = %(ticket_type_ids)s::uuid[], position = %(position)s, version = version + 1
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND question_id = %(question_id)s
        """,
        event_id=event_id,
        **_columns(question),
    )


def _columns(question: QuestionRead) -> dict[str, object]:
    facts = msgspec.structs.asdict(question)
    return {
        **facts,
        "kind": question.kind.value,
        "options": list(question.options),
        "ticket_type_ids": list(dict.fromkeys(question.ticket_type_ids)),
    }
