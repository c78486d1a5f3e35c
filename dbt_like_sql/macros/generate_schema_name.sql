{# The schema is the one a folder is given in dbt_project.yml (marts, reference), without dbt's
   usual prefix: both ways of building give the same marts. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}
