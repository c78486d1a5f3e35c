"""The Dagster assets, a module per layer in the order of the flow; ``run`` materialises them."""
