"""Evidence as evidence makes it, for tests of what payments do with it."""

from alltickets.payments.port import DisputeEvidence

__all__ = ["EVIDENCE"]

EVIDENCE = DisputeEvidence(
    statement="Ana vino, y su amiga también.",
    product="Noche de luna, Teatro Ñandú, 2 × entradas",
    service_date="2027-03-01",
    buyer_name="Ana Ñandú",
    buyer_email="ana@example.com",
    tickets="1. Platea, a nombre de Ana\n2. Platea, a nombre de Eva",
    admissions="01/03/27 20:41: 1. Ana, ingresó por Puerta A",
    document=b"%PDF-1.7\n\r\n--not a boundary\r\n%%EOF",
)
