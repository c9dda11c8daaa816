-- fct_claim
select c.claim_id, c.member_id, v.amount as semi, v.amount as inner_amount, v.amount as conditional,
       v.amount as numbered_amount, v.amount as filtered, v.amount as arg_max_amount, v.status,
       f.amount as first_amount, s.amount as second_amount
from claims c
join (from versions qualify row_number() over (partition by claim_id order by version desc) = 1) v using (claim_id)
left join versions f on f.claim_id = c.claim_id and f.version = 1
left join versions s on s.claim_id = c.claim_id and s.version = 2
-- fct_status
select v.status, sum(v.amount) as amount, sum(f.amount) as first_amount, sum(s.amount) as second_amount, count(*) as claims
from (from versions qualify row_number() over (partition by claim_id order by version desc) = 1) v
left join versions f on f.claim_id = v.claim_id and f.version = 1
left join versions s on s.claim_id = v.claim_id and s.version = 2
group by 1
