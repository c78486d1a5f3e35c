-- Computed beside published: not where only published figures face one another, and not for a month
-- of the reference that a check holds, which must not appear in a release by this door either.
held as (

    select distinct
        held_months.indicator_id,
        held_months.month
    from validated.held_months as held_months
    inner join contract.sources as sources
        on sources.source = held_months.source
    where held_months.status = 'held'
        and sources.role = 'reference'

),

comparable as (

    select reconciliation.*
    from marts.reconciliation as reconciliation
    left join held
        on held.indicator_id = reconciliation.indicator_id
        and held.month = reconciliation.month
    where held.month is null
        and reconciliation.basis in ('partners', 'published_departments')

)
