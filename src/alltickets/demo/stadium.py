"""A stadium show: 50,000 places in six sectors, a limit per buyer, and a sale that opened today."""

from datetime import date, timedelta

from alltickets.catalog.schemas.organizer import SectorCreate, VenueCreate
from alltickets.demo.plan import IVA, TIMEZONE, OrganizerPlan, Show, TicketPlan, at, next_weekday, performance, pesos
from alltickets.pricing.rules.units import ChargeMode, Rounding
from alltickets.pricing.schemas import ChargePolicyDetails

__all__ = ["SECTORS", "stadium_show"]

SATURDAY = 5
PER_BUYER_MAX = 6

SECTORS: dict[str, tuple[int, int]] = {
    "Campo": (18_000, 65_000),
    "Campo delantero": (2_000, 140_000),
    "Platea Norte": (9_000, 95_000),
    "Platea Sur": (9_000, 95_000),
    "Popular Este": (6_000, 48_000),
    "Popular Oeste": (6_000, 48_000),
}
"""Places and price in pesos, the service charge not in it."""

DESCRIPTION = """\
Los Herederos del Río cierran la gira Tierra Adentro en Córdoba, con banda completa, vientos y el coro de la Escuela del Molino.

Abre la noche Paloma Santillán. Son dos horas y media de show, llueva o no.

Podés comprar hasta seis entradas por persona. Las puertas abren a las 17: vení con tiempo y con poco equipaje, \
porque hay control en cada acceso. Los menores de 12 años entran acompañados y con entrada propia.
"""


def stadium_show(today: date) -> Show:
    """The show, on a Saturday about two months ahead, on sale since the midnight that began today."""
    day = next_weekday(today, SATURDAY, days_min=60)
    return Show(
        organizer=OrganizerPlan("anden-sur", "Andén Sur Producciones", "sbx_demoandensur", "#0b7a4b"),
        slug="los-herederos-del-rio",
        title="Los Herederos del Río: Tierra Adentro",
        category="Recital",
        summary="El cierre de la gira, con banda completa, vientos y el coro de la Escuela del Molino. Abre Paloma Santillán.",
        description=DESCRIPTION,
        venue=VenueCreate(
            name="Estadio Cerro Blanco", address="Camino a las Canteras 4200", city="Córdoba", timezone=TIMEZONE, capacity=50_000
        ),
        performances=(performance(at(day, 21), lasts=timedelta(hours=3, minutes=30), doors_before=timedelta(hours=4)),),
        sectors=tuple(
            SectorCreate(name=name, capacity=capacity, position=position) for position, (name, (capacity, _)) in enumerate(SECTORS.items())
        ),
        tickets=tuple(
            TicketPlan(
                sector=name, name=name, price_minor=pesos(price), sales_from=at(today, 0), per_order_max=6, per_buyer_max=PER_BUYER_MAX
            )
            for name, (_, price) in SECTORS.items()
        ),
        policy=ChargePolicyDetails(
            name="Cargo por servicio",
            mode=ChargeMode.ADDED,
            basis_points=1_200,
            rounding=Rounding.UP,
            rounding_step_minor=pesos(100),
            charge_taxes=(IVA,),
        ),
        checkpoint="Acceso Avenida",
    )
