-- dim_member
select *, md5(length(member_id) || ':' || member_id) as member_key from members
union all
select 'UNKNOWN', null, null, md5('7:UNKNOWN')
-- dim_provider
select *, md5(length(provider_id) || ':' || provider_id) as provider_key from providers
union all
select 'UNKNOWN', null, 'UNKNOWN', md5('7:UNKNOWN')
-- fct_claim
select claim_id, c.member_id, c.provider_id, allowed,
       md5(coalesce(length(m.member_id) || ':' || m.member_id, '7:UNKNOWN')) as member_key,
       md5(coalesce(length(p.provider_id) || ':' || p.provider_id, '7:UNKNOWN')) as provider_key
from claims c
left join members m on m.member_id = c.member_id
left join providers p on p.provider_id = c.provider_id
-- fct_specialty
select coalesce(specialty, 'UNKNOWN') as specialty, gender, sum(allowed) as allowed, count(*) as claim_count,
       count(distinct coalesce(p.provider_id, 'UNKNOWN')) as provider_count
from claims c
left join members m on m.member_id = c.member_id
left join providers p on p.provider_id = c.provider_id
group by 1, 2
