-- fct_diagnosis
select diagnosis, sum(allowed * weight) as allowed, sum(allowed * weight) as again,
       count(distinct c.claim_id) as claims, count(distinct member_id) as members, avg(weight) as mean_weight,
       min(service_date) as first_seen
from claims c join diagnoses d on d.claim_id = c.claim_id
group by diagnosis
-- fct_main
select coalesce(diagnosis, 'NONE') as main_diagnosis, sum(allowed) as allowed, count(*) as claims
from claims c left join diagnoses d on d.claim_id = c.claim_id and place = 1
group by 1
-- fct_codes
select coalesce(codes, '') as codes, sum(allowed) as allowed, sum(places) as places, count(*) as claims,
       count(places) as coded
from claims c
left join (
  select claim_id, string_agg(diagnosis, ',' order by place) as codes, count(*) as places
  from diagnoses group by claim_id
) d on d.claim_id = c.claim_id
group by 1
