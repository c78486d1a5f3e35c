-- Every negative increment, and why, where the tables know: somebody said so, this month's figure or
-- the one before is a corrected one, the month was held and signed off with a reason, or a revision
-- lowered this month's figure or raised the one before.
-- A total falls because of its partners: what explains theirs explains it.
with falls as (

    select
        indicator_id,
        series,
        month,
        department_code,
        previous_month,
        increment
    from {{ ref('monthly_increments') }}
    where is_decrease

),

parts as (

    select
        falls.indicator_id,
        falls.series,
        falls.month,
        falls.department_code,
        falls.previous_month,
        sources.source,
        sources.series as own_series
    from falls
    inner join {{ source('contract', 'sources') }} as sources
        on sources.series = falls.series

    union all

    select
        falls.indicator_id,
        falls.series,
        falls.month,
        falls.department_code,
        falls.previous_month,
        components.source,
        sources.series as own_series
    from falls
    inner join {{ source('contract', 'components') }} as components
        on components.indicator_id = falls.indicator_id
        and components.first_month <= falls.month
    inner join {{ source('contract', 'sources') }} as sources
        on sources.source = components.source
    where falls.series = 'total'

),

-- What somebody said holds for the fall they said it of: another amount asks again.
said as (

    select
        parts.indicator_id,
        parts.series,
        parts.month,
        parts.department_code,
        1 as precedence,
        'said' as explanation,
        explanations.reason || ' (' || explanations.said_by || ')' as reason,
        cast(explanations.said_at as date) as since
    from parts
    inner join {{ source('validated', 'explanations') }} as explanations
        on explanations.indicator_id = parts.indicator_id
        and explanations.source = parts.source
        and explanations.month = parts.month
        and explanations.department_code = parts.department_code
    inner join {{ ref('monthly_increments') }} as own
        on own.indicator_id = parts.indicator_id
        and own.series = parts.own_series
        and own.month = parts.month
        and own.department_code = parts.department_code
        and own.increment = explanations.increment

),

corrected as (

    select
        parts.indicator_id,
        parts.series,
        parts.month,
        parts.department_code,
        2 as precedence,
        'correction' as explanation,
        substr(cast(corrections.month as varchar), 1, 7) || ' corrected from '
            || cast(corrections.delivered as varchar) || ' to '
            || cast(corrections.corrected as varchar) || ': '
            || corrections.reason || ' (' || corrections.corrected_by || ')' as reason,
        corrections.corrected_on as since
    from parts
    inner join {{ source('validated', 'dwellings') }} as dwellings
        on dwellings.indicator_id = parts.indicator_id
        and dwellings.source = parts.source
        and dwellings.department_code = parts.department_code
        and dwellings.is_corrected
    inner join {{ source('validated', 'corrections') }} as corrections
        on corrections.indicator_id = dwellings.indicator_id
        and corrections.source = dwellings.source
        and corrections.month = dwellings.month
        and corrections.department_code = dwellings.department_code
        and corrections.delivery_id = dwellings.delivery_id
        and corrections.corrected = dwellings.cumulative_dwellings
    where dwellings.month = parts.month or dwellings.month = parts.previous_month

),

signed_off as (

    select
        parts.indicator_id,
        parts.series,
        parts.month,
        parts.department_code,
        3 as precedence,
        'sign_off' as explanation,
        held_months.reason || ' (' || held_months.signed_off_by || ')' as reason,
        cast(null as date) as since
    from parts
    inner join {{ source('validated', 'dwellings') }} as dwellings
        on dwellings.indicator_id = parts.indicator_id
        and dwellings.source = parts.source
        and dwellings.month = parts.month
        and dwellings.department_code = parts.department_code
    inner join {{ source('validated', 'held_months') }} as held_months
        on held_months.delivery_id = dwellings.delivery_id
        and held_months.indicator_id = dwellings.indicator_id
        and held_months.month = dwellings.month
        and held_months.status = 'signed_off'

),

revised as (

    select
        parts.indicator_id,
        parts.series,
        parts.month,
        parts.department_code,
        4 as precedence,
        'revision' as explanation,
        substr(cast(revisions.month as varchar), 1, 7) || ' revised on '
            || cast(revisions.revised_on as varchar) || ' from '
            || cast(revisions.old_value as varchar) || ' to '
            || cast(revisions.new_value as varchar)
            || ' (' || revisions.source || ', ' || revisions.kind || ')' as reason,
        revisions.revised_on as since
    from parts
    inner join {{ ref('revisions') }} as revisions
        on revisions.indicator_id = parts.indicator_id
        and revisions.source = parts.source
        and revisions.department_code = parts.department_code
    where (revisions.month = parts.month and revisions.new_value < revisions.old_value)
        or (revisions.month = parts.previous_month and revisions.new_value > revisions.old_value)

),

known as (

    select
        explained.*,
        row_number() over (
            partition by indicator_id, series, month, department_code
            order by precedence, since desc, reason
        ) as place
    from (
        select * from said
        union all
        select * from corrected
        union all
        select * from signed_off
        union all
        select * from revised
    ) as explained

)

select
    falls.indicator_id,
    falls.series,
    falls.month,
    falls.department_code,
    falls.previous_month,
    falls.increment,
    coalesce(known.explanation, 'unexplained') as explanation,
    known.reason
from falls
left join known
    on known.indicator_id = falls.indicator_id
    and known.series = falls.series
    and known.month = falls.month
    and known.department_code = falls.department_code
    and known.place = 1
