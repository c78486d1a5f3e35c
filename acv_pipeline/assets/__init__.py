"""The Dagster assets, a module per layer in the order of the flow; ``run`` materialises them.

Here: what Dagster shows of each asset. Not here: parsing, SQL, or any rule.
"""
