import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
import alltickets.catalog.tables as c, alltickets.pricing.tables as p
async def test_cmp(database_url, database):
    e=sa.create_engine('postgresql+psycopg://'+database_url.split('://')[1])
    md=sa.MetaData()
    for m in (c,p):
        for t in m.metadata.tables.values(): t.to_metadata(md)
    with e.connect() as conn:
        ctx=MigrationContext.configure(conn,opts={"include_schemas":True,"include_name":lambda n,t,pn: t!="schema" or n in("catalog","pricing"),"compare_server_default":True})
        d=compare_metadata(ctx,md)
        assert d==[],d
        # checks equal
        for m,s in ((c,'catalog'),(p,'pricing')):
            live={r[0] for r in conn.execute(sa.text("select conname from pg_constraint k join pg_namespace n on n.oid=k.connamespace where nspname=:s and contype='c'"),{"s":s})}
            decl={str(k.name) for t in m.metadata.tables.values() for k in t.constraints if isinstance(k,sa.CheckConstraint)}
            assert live==decl,(live^decl)
