{% set level = 'national' %}{% include 'territorial.sql' %}
