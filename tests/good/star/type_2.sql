-- dim_member
select *, md5(length(member_id) || ':' || member_id || length(cast(starts as varchar)) || ':' || starts) as member_key
from spans
-- fct_claim
select claim_id,
       case when s.member_id is not null then
         md5(length(s.member_id) || ':' || s.member_id || length(cast(starts as varchar)) || ':' || starts)
       end as member_key,
       service_date, allowed
from claims c
left join spans s on s.member_id = c.member_id and service_date >= starts and (ends is null or service_date < ends)
-- fct_plan_month
select coalesce(plan, 'NONE') as plan, date_trunc('month', service_date)::date as month, count(*) as claim_count,
       count(distinct c.member_id) as member_count, sum(allowed) as allowed
from claims c
left join spans s on s.member_id = c.member_id and service_date >= starts and (ends is null or service_date < ends)
group by 1, 2
-- fct_city
select coalesce(city, 'NONE') as city, sum(paid) as paid, count(*) as line_count, count(distinct l.claim_id) as claim_count
from lines l join claims c on c.claim_id = l.claim_id
left join spans s on s.member_id = c.member_id and service_date >= starts and (ends is null or service_date < ends)
group by 1
