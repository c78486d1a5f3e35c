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
        made_of.source,
        own.increment as source_increment
    from falls
    inner join {{ ref('int_series_sources') }} as made_of
        on made_of.indicator_id = falls.indicator_id
        and made_of.series = falls.series
        and (made_of.first_month is null or made_of.first_month <= falls.month)
    inner join {{ ref('monthly_increments') }} as own
        on own.indicator_id = falls.indicator_id
        and own.series = made_of.source_series
        and own.month = falls.month
        and own.department_code = falls.department_code

),

-- all that might explain a part, the first kind that applies counts
explained as (

    -- what somebody said holds for the fall they said it of: another amount asks again
    select
        parts.*,
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
        and explanations.increment = parts.source_increment

    union all

    select
        parts.*,
        2 as precedence,
        'correction' as explanation,
        substr(cast(corrections.month as string), 1, 7) || ' corrected from '
            || cast(corrections.delivered as string) || ' to '
            || cast(corrections.corrected as string) || ': '
            || corrections.reason || ' (' || corrections.corrected_by || ')' as reason,
        corrections.corrected_on as since
    from parts
    inner join {{ source('validated', 'dwellings') }} as dwellings
        on dwellings.indicator_id = parts.indicator_id
        and dwellings.source = parts.source
        and dwellings.month in (parts.month, parts.previous_month)
        and dwellings.department_code = parts.department_code
        and dwellings.is_corrected
    inner join {{ source('validated', 'corrections') }} as corrections
        on corrections.indicator_id = dwellings.indicator_id
        and corrections.source = dwellings.source
        and corrections.month = dwellings.month
        and corrections.department_code = dwellings.department_code
        and corrections.delivery_id = dwellings.delivery_id
        and corrections.corrected = dwellings.cumulative_dwellings

    union all

    select
        parts.*,
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

    union all

    select
        parts.*,
        4 as precedence,
        'revision' as explanation,
        substr(cast(revisions.month as string), 1, 7) || ' revised on '
            || cast(revisions.revised_on as string) || ' from '
            || cast(revisions.old_value as string) || ' to '
            || cast(revisions.new_value as string)
            || ' (' || revisions.source || ', ' || revisions.kind || ')' as reason,
        revisions.revised_on as since
    from parts
    inner join {{ ref('revisions') }} as revisions
        on revisions.indicator_id = parts.indicator_id
        and revisions.source = parts.source
        and revisions.department_code = parts.department_code
        and (
            (revisions.month = parts.month and revisions.new_value < revisions.old_value)
            or (revisions.month = parts.previous_month and revisions.new_value > revisions.old_value)
        )

),

numbered as (

    select
        *,
        row_number() over (
            partition by indicator_id, series, month, department_code
            order by precedence, since desc nulls last, reason
        ) as place
    from explained

)

select
    falls.indicator_id,
    falls.series,
    falls.month,
    falls.department_code,
    falls.previous_month,
    falls.increment,
    coalesce(chosen.explanation, 'unexplained') as explanation,
    chosen.reason
from falls
left join numbered as chosen
    on chosen.indicator_id = falls.indicator_id
    and chosen.series = falls.series
    and chosen.month = falls.month
    and chosen.department_code = falls.department_code
    and chosen.place = 1
