with delivered as (
    select
        corrections.entry,
        rows.delivery_id,
        rows.row_number,
        rows.value as found,
        row_number() over (
            partition by corrections.entry
            order by
                deliveries.delivered_on desc,
                coalesce(verdicts.status, '') = 'superseded',
                deliveries.file_name desc,
                deliveries.delivery_id desc
        ) as place
    from contract.corrections as corrections
    join raw.deliveries as deliveries on deliveries.source = corrections.source
    join raw.tidy_rows as rows
        on rows.delivery_id = deliveries.delivery_id
        and rows.indicator_id = corrections.indicator_id
        and rows.month = corrections.month
        and rows.territory_code = corrections.department_code
    left join validated.verdicts as verdicts
        on verdicts.delivery_id = rows.delivery_id
        and verdicts.indicator_id = rows.indicator_id
        and verdicts.month = rows.month
    where rows.level = 'department' and rows.fate = 'figure'
)
select
    corrections.*,
    latest.delivery_id,
    latest.row_number,
    latest.found,
    case
        when latest.found is null then 'not_delivered'
        when latest.found = corrections.corrected then 'delivered_itself'
        when latest.found <> corrections.delivered then 'another_figure'
        when held.by is not null then 'not_believed'
    end as problem,
    held.by as held_by
from contract.corrections as corrections
left join delivered as latest on latest.entry = corrections.entry and latest.place = 1
left join (
    select source, indicator_id, month, department_code, delivered, max(held_by) as by
    from validated.corrections
    group by all
) as held
    on held.source = corrections.source
    and held.indicator_id = corrections.indicator_id
    and held.month = corrections.month
    and held.department_code = corrections.department_code
    and held.delivered = corrections.delivered
