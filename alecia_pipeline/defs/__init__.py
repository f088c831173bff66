"""The only Dagster code: assets, checks, jobs, sensors, resources."""
