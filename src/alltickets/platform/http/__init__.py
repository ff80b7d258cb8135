"""HTTP machinery: the hot lane, the edge round Litestar, problem documents, health."""
