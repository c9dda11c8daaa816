-- fct_budget
with actual as (
  select plan, date_trunc('month', service_date)::date as month, sum(allowed) as allowed, count(*) as claim_count
  from claims c
  join spans s on s.member_id = c.member_id and service_date >= starts and (ends is null or service_date < ends)
  group by 1, 2
)
select plan, month, planned, allowed, claim_count, coalesce(allowed, 0) - coalesce(planned, 0) as over_by
from budgets full outer join actual using (plan, month)
-- fct_plan
with actual as (
  select plan, sum(allowed) as allowed, count(*) as claim_count
  from claims c
  join spans s on s.member_id = c.member_id and service_date >= starts and (ends is null or service_date < ends)
  group by 1
), planned as (select plan, sum(planned) as planned from budgets group by plan)
select plan, planned, allowed, claim_count, allowed - planned as over_by from planned full outer join actual using (plan)
-- fct_scenario
with actual as (
  select plan, sum(allowed) as allowed
  from claims c
  join spans s on s.member_id = c.member_id and service_date >= starts and (ends is null or service_date < ends)
  group by 1
), planned as (select plan, sum(planned) as planned from budgets group by plan)
select plan, planned, allowed from planned full outer join actual using (plan)
