{% test no_row(model, condition) %}
    select * from {{ model }} where {{ condition }}
{% endtest %}

{% test unique_together(model, columns) %}
    select {{ columns | join(', ') }} from {{ model }} group by all having count(*) > 1
{% endtest %}

{% test not_empty(model) %}
    select 1 where not exists (select 1 from {{ model }})
{% endtest %}
