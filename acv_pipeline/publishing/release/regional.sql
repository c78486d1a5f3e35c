{% set level = 'region' %}{% include 'territorial.sql' %}
