"""Orders: from the chosen places to the paid order with its tickets.

It owns orders, the quotes that were promised for holds, and withdrawals. A shopper's hold is a use case of this context: quote, then
claim. It publishes `OrderPlaced`, `OrderPaid`, `OrdersLeft`, `OrderExpired`, `OrderCancelled`, `OrderRefunded`, `PaymentUnplaced`,
`HolderCorrected`, `BuyerMailCorrected`, `WithdrawalAsked` and `WithdrawalSettled`, and
listens to payments (what became of the money), to inventory (`HoldsExpired`), to catalog (`EventCancelled`, `PerformanceCancelled`) and to
its own `OrdersLeft`.
"""
