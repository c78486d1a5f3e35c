"""Where the big tables lie and what works on them: one machine's DuckDB, or a Spark cluster."""
