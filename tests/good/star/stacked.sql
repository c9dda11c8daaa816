-- fct_entry
select claim_id as id, null as number, 'header' as what, allowed as amount from claims
union all
select claim_id, line, 'line', paid from lines
-- fct_both
select claim_id as id, allowed, l.paid, 1 + coalesce(l.lines, 0) as entries
from claims left join (select claim_id, sum(paid) as paid, count(*) as lines from lines group by claim_id) l using (claim_id)
-- fct_move
select claim_id, version, status, case status when 'new' then amount else -amount end as amount
from versions where status in ('new', 'void')
-- fct_line
select md5(length(claim_id) || ':' || claim_id || length(line::varchar) || ':' || line) as line_key, paid from lines
-- fct_hash
select md5(length(claim_id) || ':' || claim_id || length(line::varchar) || ':' || line) as line_key, claim_id, line, paid
from lines
