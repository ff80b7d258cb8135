"""An evening abroad, sold in dollars through Stripe: one sector without numbers, and the service charge added to the price."""

from datetime import date, timedelta

from alltickets.catalog.schemas.organizer import SectorCreate, VenueCreate
from alltickets.demo.plan import OrganizerPlan, Show, TicketPlan, at, next_weekday, performance
from alltickets.pricing.rules.units import ChargeMode
from alltickets.pricing.schemas import ChargePolicyDetails, TaxDetails

__all__ = ["evening_abroad"]

FRIDAY = 4

DESCRIPTION = """\
Milonga, candombe y zamba en un mismo piano, con la rambla del otro lado del vidrio.

Inés Larralde presenta «Orillas», su tercer disco, con Wilmar Acosta en tambor piano y Dora Peña en contrabajo.

Dura 80 minutos. La sala abre una hora antes y tiene bar. Los precios están en dólares.
"""


def evening_abroad(today: date) -> Show:
    """The evening, on a Friday between two and three weeks ahead."""
    friday = next_weekday(today, FRIDAY, days_min=14)
    return Show(
        organizer=OrganizerPlan("orillas", "Orillas Música", "acct_0de0005a17a0b1ed", "#0f5c6e", gateway="stripe"),
        slug="orillas-en-montevideo",
        title="Orillas",
        category="Recital",
        summary="Inés Larralde presenta su tercer disco en Montevideo: milonga, candombe y zamba en un mismo piano.",
        description=DESCRIPTION,
        venue=VenueCreate(
            name="Sala del Faro", address="Rambla de los Veleros 1120", city="Montevideo", timezone="America/Montevideo", capacity=220
        ),
        performances=(performance(at(friday, 21), lasts=timedelta(minutes=80), doors_before=timedelta(hours=1)),),
        sectors=(SectorCreate(name="Sala", capacity=220),),
        tickets=(TicketPlan(sector="Sala", name="General", description="Sin numerar.", price_minor=25_00),),
        policy=ChargePolicyDetails(
            name="Cargo por servicio",
            mode=ChargeMode.ADDED,
            basis_points=1_000,
            charge_taxes=(TaxDetails(name="IVA", basis_points=2_200),),
        ),
        currency="USD",
        checkpoint="Puerta de la Rambla",
    )
