"""A theatre run: four performances, three sectors of which one is numbered, a limited price, and questions to each ticket holder."""

from datetime import date, timedelta

from alltickets.catalog.rules.snapshot import QuestionKind
from alltickets.catalog.schemas.organizer import QuestionCreate, RowCreate, SectorCreate, VenueCreate
from alltickets.demo.plan import IVA, TIMEZONE, OfflinePlan, OrganizerPlan, Show, TicketPlan, at, next_weekday, performance, pesos
from alltickets.pricing.rules.units import ChargeMode
from alltickets.pricing.schemas import ChargePolicyDetails

__all__ = ["theatre_run"]

THURSDAY = 3
SUNDAY_INDEX = 3
ROWS = "ABCDEFGHIJKL"
SEATS_PER_ROW = 18

DESCRIPTION = """\
Un inspector municipal llega a un pueblo sin luz eléctrica para contar las sombras. Nadie le dijo qué hacer cuando sobra una.

Comedia de Irene Balcarce. Con Hugo Pereda, Mora Ansaldi, Ciro Lamas y Delfina Rúa. Dirección: Bautista Ocampo.

Dura 95 minutos, sin intervalo. Una vez empezada la función, a la platea se entra en el primer cambio de luces. \
La sala es accesible: si necesitás un lugar para silla de ruedas, contanos al comprar y te esperamos en la puerta.
"""

WITHOUT_A_GATEWAY = (
    OfflinePlan(
        "transfer",
        "Transferencia bancaria",
        {
            "holder": "Compañía La Buena Letra",
            "cuit": "30-12345678-1",
            "bank": "Banco de prueba",
            "cbu": "2850590940090418135201",
            "alias": "buena.letra.teatro",
            "hours": "48",
            "hours_before": "24",
        },
    ),
    OfflinePlan(
        "cash",
        "Efectivo en la boletería",
        {
            "place": "Teatro del Ombú, Bulevar de los Plátanos 318",
            "opening": "Martes a domingo de 16 a 20",
            "hours": "24",
            "hours_before": "2",
        },
    ),
)


def theatre_run(today: date) -> Show:
    """The run, Thursday to Sunday, the Thursday between one and a half and two and a half weeks ahead."""
    thursday = next_weekday(today, THURSDAY, days_min=10)
    days = [thursday + timedelta(days=index) for index in range(4)]
    return Show(
        organizer=OrganizerPlan(
            "la-buena-letra",
            "Compañía La Buena Letra",
            "sbx_demobuenaletra",
            "#a3341f",
            offline=WITHOUT_A_GATEWAY,
        ),
        slug="el-inspector-de-sombras",
        title="El inspector de sombras",
        category="Teatro",
        summary="Un inspector llega a un pueblo sin luz a contar las sombras, y sobra una. Comedia de Irene Balcarce.",
        description=DESCRIPTION,
        venue=VenueCreate(name="Teatro del Ombú", address="Bulevar de los Plátanos 318", city="Rosario", timezone=TIMEZONE, capacity=426),
        performances=tuple(
            performance(at(day, 20 if index == SUNDAY_INDEX else 21), lasts=timedelta(minutes=95), doors_before=timedelta(minutes=40))
            for index, day in enumerate(days)
        ),
        sectors=(
            SectorCreate(name="Platea", rows=tuple(RowCreate(label=row, first=1, last=SEATS_PER_ROW) for row in ROWS), position=0),
            SectorCreate(name="Pullman", capacity=120, position=1),
            SectorCreate(name="Tertulia", capacity=90, position=2),
        ),
        tickets=(
            TicketPlan(sector="Platea", name="Platea numerada", description="Elegís tu butaca.", price_minor=pesos(24_000)),
            TicketPlan(sector="Pullman", name="Pullman", description="Sin numerar, por orden de llegada.", price_minor=pesos(18_000)),
            TicketPlan(sector="Tertulia", name="Tertulia", description="Sin numerar, por orden de llegada.", price_minor=pesos(13_000)),
            TicketPlan(
                sector="Tertulia",
                name="Estudiantes y jubilados",
                description="Veinte lugares por función. Mostrá tu libreta o carnet en la puerta.",
                price_minor=pesos(8_000),
                per_order_max=2,
                quantity_max=20,
            ),
        ),
        policy=ChargePolicyDetails(
            name="Cargo por servicio", mode=ChargeMode.ABSORBED, basis_points=1_000, minimum_minor=pesos(900), charge_taxes=(IVA,)
        ),
        questions=(
            QuestionCreate(key="dni", label="DNI", kind=QuestionKind.DOCUMENT, required=True, position=0),
            QuestionCreate(
                key="accesibilidad",
                label="¿Necesitás algo para entrar o para ver la obra?",
                kind=QuestionKind.CHOICE,
                options=("Nada", "Lugar para silla de ruedas", "Butaca cerca del escenario", "Aro magnético"),
                position=1,
            ),
            QuestionCreate(key="novedades", label="Quiero enterarme de los próximos estrenos", kind=QuestionKind.CHECKBOX, position=2),
        ),
        checkpoint="Hall",
    )
