-- fct_covered
select m.member_id, plan, city,
       date_part('year', age(date '2023-06-15', birth_date))::bigint as age
from members m join spans s on s.member_id = m.member_id
where starts <= date '2023-06-15' and (ends is null or ends > date '2023-06-15')
-- fct_plan
select plan, count(*) as member_count, avg(date_part('year', age(date '2023-06-15', birth_date))) as mean_age,
       count(*) filter (where gender = 'F') as women
from members m join spans s on s.member_id = m.member_id
where starts <= date '2023-06-15' and (ends is null or ends > date '2023-06-15')
group by plan
-- fct_month
with months as (
  select member_id, starts, plan, unnest(generate_series(
    date_trunc('month', starts), date_trunc('month', coalesce(ends - 1, date '2024-03-09')), interval 1 month))::date as month
  from spans where starts < date '2024-01-01'
), member_months as (
  select member_id, month, arg_max(plan, starts) as plan from months group by member_id, month
), paid as (
  select plan, month, sum(allowed) as allowed
  from claims c
  join member_months m on m.member_id = c.member_id and m.month = date_trunc('month', service_date)
  group by plan, month
)
select plan, month, count(*) as member_months, coalesce(any_value(allowed), 0) as allowed,
       coalesce(any_value(allowed), 0) / count(*) as per_member
from member_months left join paid using (plan, month)
group by plan, month
-- fct_first_and_last
select member_id, min(starts) as first_day,
       case when count(*) = count(ends) then max(ends) end as last_day, count(distinct plan) as plans,
       sum(date_diff('day', starts, coalesce(ends, date '2023-06-15'))) filter (where starts < date '2023-06-15') as days
from spans group by member_id
