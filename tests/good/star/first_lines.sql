-- fct_code
with first_line as (select claim_id, min(line) as line from lines group by claim_id),
last_line as (select claim_id, max(line) as line from lines group by claim_id),
mean as (select claim_id, cast(avg(paid) as decimal(18,4)) as mean_paid from lines group by claim_id)
select l.code,
       sum(case when f.line is not null then allowed else 0 end) as first_allowed,
       sum(case when z.line is not null then allowed end) as last_allowed,
       sum(case when l.line = 1 then allowed end) as of_first_lines,
       sum(case when l.line = 1 and paid > 20 then allowed end) as of_paid_first_lines,
       sum(case when f.line is not null then allowed else paid end) as first_or_paid,
       sum(abs(paid - mean_paid)) as off_the_mean,
       avg(distinct fee) as fee,
       avg(distinct fee) as usual_fee,
       sum(greatest(paid - fee * units, 0)) as over_fee,
       count(*) filter (where allowed > 100) as large,
       sum(case when allowed > 100 then units else 0 end) as large_units,
       count(*) as lines,
       count(*) filter (where allowed > 100) as dear_lines
from lines l
join claims c on c.claim_id = l.claim_id
join mean m on m.claim_id = l.claim_id
left join fees on fees.code = l.code
left join first_line f on f.claim_id = l.claim_id and f.line = l.line
left join last_line z on z.claim_id = l.claim_id and z.line = l.line
group by l.code
-- fct_claim
select c.claim_id, c.member_id, cast(allowed as double) as allowed, allowed - paid as left_over, spread,
       first_paid / paid as share_of_first
from claims c
join (
  select claim_id, sum(paid) as paid, max(paid) - min(paid) as spread,
         sum(case when line = 1 then paid else 0 end) as first_paid
  from lines group by claim_id
) l on l.claim_id = c.claim_id
