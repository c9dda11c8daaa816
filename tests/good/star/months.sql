-- fct_premium
with months as (
  select plan, case plan when 'FULL' then 30.00 else 20.00 end + month(starts) as price, unnest(generate_series(
    date_trunc('month', starts), date_trunc('month', coalesce(ends - 1, date '2024-03-09')), interval 1 month))::date as month
  from spans
)
select plan, month, sum(price) as premium, count(*) as member_months from months group by plan, month
-- fct_code
select code, sum(cast(allowed / line_count as decimal(18,6))) as allowed
from lines l join claims c on c.claim_id = l.claim_id
join (select claim_id, count(*) as line_count from lines group by claim_id) n on n.claim_id = l.claim_id
group by code
-- fct_member
select member_id, sum(fees) as fees, sum(paid) as paid, sum(allowed) as allowed, count(fees) as with_lines
from claims c
left join (
  select claim_id, sum(fee) as fees, sum(paid) as paid from lines l left join fees f on f.code = l.code group by claim_id
) l on l.claim_id = c.claim_id
group by member_id
-- fct_open
select month, change, sum(change) over (order by month) as open
from (
  select date_trunc('month', day)::date as month, sum(step) as change
  from (
    select service_date as day, 1 as step from claims
    union all select service_date + 30, -1 from claims
  )
  group by 1
)
