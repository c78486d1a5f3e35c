-- Where each département stands, for every series of an indicator.
select
    rankings.indicator_id as id_indicateur,
    rankings.series as serie,
    rankings.department_code as code_departement,
    rankings.department_name as libelle_departement,
    rankings.region_code as code_region,
    regions.region_name as libelle_region,
    last_day(rankings.month) as date,
    rankings.cumulative_dwellings as valeur,
    rankings.increment as increment,
    rankings.rank_cumulative as rang_valeur,
    rankings.rank_increment as rang_increment,
    rankings.rank_cumulative_change as places_gagnees,
    rankings.is_tied as ex_aequo,
    rankings.share_of_national as part_nationale,
    rankings.dwellings_per_10k_inhabitants as logements_pour_10000_habitants,
    rankings.is_corrected as corrige,
    rankings.is_break as rupture
from marts.department_rankings as rankings
inner join reference.regions as regions
    on regions.region_code = rankings.region_code
where rankings.indicator_id = {{ indicator | literal }}
