-- fct_standing
select payment_id, claim_id, paid_on, amount
from payments p
where reverses is null and not exists (select 1 from payments r where r.reverses = p.payment_id)
-- fct_net
select claim_id, sum(amount) as net, sum(amount) filter (where reverses is null) as paid,
       -sum(case when reverses is not null then amount else 0 end) as back,
       count(*) - 2 * count(reverses) as standing_count
from payments group by claim_id
-- fct_paired
select r.payment_id, r.claim_id, date_diff('day', p.paid_on, r.paid_on) as days, r.amount + p.amount as difference
from payments r join payments p on p.payment_id = r.reverses
-- fct_member
select member_id, sum(amount) as amount, sum(allowed) as allowed, count(*) as claim_count
from claims c
join (from versions qualify row_number() over (partition by claim_id order by version desc) = 1) v
  on v.claim_id = c.claim_id
where status <> 'void'
group by member_id
-- fct_changed
select member_id, sum(case when status = 'void' then 0 else amount end) as amount, count(*) as claim_count
from claims c
join (from versions qualify row_number() over (partition by claim_id order by version desc) = 1) v
  on v.claim_id = c.claim_id
group by member_id
-- last_versions
select c.claim_id, member_id, case when status = 'void' then 0 else amount end as effect
from claims c
join (from versions qualify row_number() over (partition by claim_id order by version desc) = 1) v
  on v.claim_id = c.claim_id
-- fct_moves
select claim_id, sum(case when status = 'void' then 0 else amount end) as amount,
       count(*) + count(*) filter (where status = 'void') as moves
from versions group by claim_id
