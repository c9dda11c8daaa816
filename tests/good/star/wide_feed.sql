-- fct_claim
select claim_id, any_value(member_id) as member_id, any_value(claim_day) as claim_day,
       any_value(claim_allowed) as claim_allowed, count(*) as line_count, sum(line_paid) as paid
from wide group by claim_id
-- fct_member
with claims as (
  select claim_id, any_value(member_id) as member_id, any_value(claim_allowed) as allowed,
         count(*) as line_count, sum(line_paid) as paid
  from wide group by claim_id
)
select member_id, sum(allowed) as allowed, sum(paid) as paid, sum(line_count) as line_count, count(*) as claim_count
from claims group by member_id
-- fct_city
select member_city, date_trunc('month', claim_day)::date as month, sum(claim_allowed) as allowed,
       count(*) as claim_count, count(distinct member_id) as members
from (select distinct claim_id, member_id, member_city, claim_day, claim_allowed from wide)
group by 1, 2
-- fct_claims_once
with claims as (
  select claim_id, any_value(member_id) as member_id, any_value(claim_allowed) as allowed, sum(line_paid) as paid
  from wide group by claim_id
)
select member_id, sum(allowed) as allowed, sum(paid) as paid from claims group by member_id
-- dim_member
select distinct member_id, member_city, md5(length(member_id) || ':' || member_id) as member_key from wide
-- fct_lines
select member_city, sum(line_paid) as paid, count(*) as lines, count(distinct claim_id) as claims
from wide group by member_city
