"""A club night: one sector without numbers, and a price that rises twice, first by quantity, then by date."""

from datetime import date, timedelta

from alltickets.catalog.schemas.organizer import SectorCreate, VenueCreate
from alltickets.demo.plan import IVA, TIMEZONE, OrganizerPlan, Show, TicketPlan, at, next_weekday, performance, pesos
from alltickets.pricing.rules.units import ChargeMode
from alltickets.pricing.schemas import ChargePolicyDetails, PhaseDetails

__all__ = ["club_night"]

SATURDAY = 5
EARLY_BIRDS = 200

DESCRIPTION = """\
Siete horas de house lento y techno melódico en un galpón de techos altos, con poca luz y sonido de cuatro puntos.

Line up: Lara Quiroz, Tomás Iriarte b2b Malva, Nena Cordero (vivo).

La entrada es para mayores de 18 años con documento. Hay guardarropas, agua sin cargo y un patio para fumar. El ingreso es hasta las 3.
"""


def club_night(today: date) -> Show:
    """The night, on a Saturday between two and a half and three and a half weeks ahead."""
    night = next_weekday(today, SATURDAY, days_min=18)
    return Show(
        organizer=OrganizerPlan("medianoche", "Medianoche Producciones", "sbx_demomedianoche", "#4b3fae", payway_site="00097001"),
        slug="noche-de-niebla",
        title="Noche de Niebla",
        category="Fiesta",
        summary="Siete horas de house lento y techno melódico, con Lara Quiroz, Tomás Iriarte b2b Malva y Nena Cordero en vivo.",
        description=DESCRIPTION,
        venue=VenueCreate(
            name="Galpón del Aromo",
            address="Pasaje del Aromo 1450, Villa Crespo",
            city="Buenos Aires",
            timezone=TIMEZONE,
            capacity=900,
        ),
        performances=(performance(at(night, 23, 30), lasts=timedelta(hours=7), doors_before=timedelta(minutes=30)),),
        sectors=(SectorCreate(name="Pista", capacity=800),),
        tickets=(
            TicketPlan(
                sector="Pista",
                name="Entrada general",
                description="Una persona, ingreso hasta las 3.",
                price_minor=pesos(18_000),
                phases=(
                    PhaseDetails(name="Anticipada", price_minor=pesos(12_000), until_taken=EARLY_BIRDS),
                    PhaseDetails(name="Preventa", price_minor=pesos(15_000), ends_at=at(night, 0)),
                ),
            ),
        ),
        policy=ChargePolicyDetails(name="Cargo por servicio", mode=ChargeMode.ABSORBED, basis_points=800, charge_taxes=(IVA,)),
        checkpoint="Puerta de Pasaje del Aromo",
    )
