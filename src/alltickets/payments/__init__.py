"""payments: takes money through gateways and gives it back.

Owns the organizer's gateway accounts, payments, attempts, charges, refunds, disputes, the inbox of callbacks and the ledger. It knows a
*reference* (an id that the caller gives), an amount and what it is made of, never an order. Publishes `PaymentCaptured`,
`PaymentInstructed`, `PaymentPending`, `PaymentFailed`, `PaymentRefunded`, `PaymentDisputed`, `PaymentFlagged` and `PaymentUnflagged`,
of disputes `DisputeOpened`, `DisputeAnswered`, `DisputeDue` and `DisputeClosed`, and for its books `ChargeMoved`, `RefundOrdered` and
`RefundFailed`.
Listens to itself only: to `CallbacksReceived`, and to what its books follow, and to what is flagged.

`port.py` is what a gateway has to be able to do; each gateway is one file under `gateways/`.
"""
