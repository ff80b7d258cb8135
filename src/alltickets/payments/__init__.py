"""payments: takes money through gateways and gives it back.

Owns the organizer's gateway accounts, payments, attempts, charges, refunds and the inbox of callbacks. It knows a *reference* (an id
that the caller gives) and an amount, never an order. Publishes `PaymentCaptured`, `PaymentPending`, `PaymentFailed`, `PaymentRefunded`,
`PaymentDisputed` and `PaymentFlagged`. Listens to its own `CallbacksReceived` only.

`port.py` is what a gateway has to be able to do; each gateway is one file under `gateways/`.
"""
