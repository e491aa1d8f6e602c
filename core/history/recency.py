"""Which models were used, the last first: by one look into an index for each model."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from core.history.tables import JobRow


def models_by_recency(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the query for the models of the jobs that meet the conditions.

    Args:
        conditions: they, `model_name` and `created_at` have to be an index, in this order.
    """
    # GROUP BY would read an entry for each job: databases don't skip to the next model.
    used = select(func.min(JobRow.model_name).label("model")).where(*conditions).cte(recursive=True)
    following = select(func.min(JobRow.model_name)).where(
        *conditions, JobRow.model_name > used.c.model
    )
    used = used.union_all(select(following.scalar_subquery()).where(used.c.model.is_not(None)))
    latest = select(func.max(JobRow.created_at)).where(
        *conditions, JobRow.model_name == used.c.model
    )
    return (
        select(used.c.model)
        .where(used.c.model.is_not(None))
        .order_by(latest.scalar_subquery().desc(), used.c.model)
    )
