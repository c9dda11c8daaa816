-- fct_gap
select member_id, avg(date_diff('day', previous_day, service_date)) as gap, sum(previous_allowed) as previous,
       sum(following_allowed) as following, sum(allowed) as allowed, sum(allowed - previous_allowed) as growth
from (
  select *, lag(service_date) over w as previous_day, lag(allowed) over w as previous_allowed,
         lead(allowed) over w as following_allowed
  from claims window w as (partition by member_id order by service_date, claim_id)
)
group by member_id
-- fct_what
with tall as (
  select 'allowed' as what, allowed as amount from claims
  union all
  select 'paid', paid from (select claim_id, sum(paid) as paid from lines group by claim_id) where paid is not null
)
select what, sum(amount) as amount, count(*) as claims, avg(amount) as mean from tall group by what
-- fct_wide
select member_id, sum(allowed) as allowed, sum(paid) as paid
from claims left join (select claim_id, sum(paid) as paid from lines group by claim_id) using (claim_id)
group by member_id
-- fct_share
select member_id, allowed, allowed / sum(allowed) over () as share, allowed / sum(allowed) over () as share_again,
       rank() over (order by allowed desc) as place, sum(allowed) over (order by allowed desc) as so_far
from (select member_id, sum(allowed) as allowed from claims group by member_id)
