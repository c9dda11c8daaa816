-- fct_member
select member_id, count(*) as claim_count, sum(coalesce(l.line_count, 0)) as line_count, sum(allowed) as allowed,
       sum(case when l.claim_id is null then 0 else l.paid end) as paid,
       sum(allowed - case when l.claim_id is null then 0 else l.paid end) as left_over,
       avg(coalesce(l.line_count, 0)) as mean_lines
from claims c
left join (select claim_id, count(*) as line_count, sum(paid) as paid from lines group by claim_id) l
  on l.claim_id = c.claim_id
group by member_id
-- fct_code
select code, count(*) as line_count, count(distinct claim_id) as claim_count, count(distinct member_id) as member_count,
       sum(paid) as paid, sum(fee * units) as priced, max(allowed) as dearest_claim,
       sum(cast(allowed * paid / claim_paid as decimal(18,6))) as allowed_share,
       sum(paid) / count(distinct claim_id) as paid_per_claim
from (
  select l.claim_id, l.code, l.units, l.paid, c.member_id, c.allowed, f.fee,
         (select sum(paid) from lines other where other.claim_id = l.claim_id) as claim_paid
  from lines l join claims c on c.claim_id = l.claim_id left join fees f on f.code = l.code
)
group by code
-- fct_member_again
select member_id, count(*) as claim_count, sum(allowed) as allowed, sum(paid) as paid
from claims c join (select claim_id, sum(paid) as paid from lines group by claim_id) l on l.claim_id = c.claim_id
group by member_id
-- fct_first_lines
select member_id, count(*) as claim_count, sum(allowed) as allowed
from claims c
where exists (select 1 from lines l where l.claim_id = c.claim_id)
group by member_id
