select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt
from partsupp, part
where p_partkey = ps_partkey and p_brand <> 'Brand 22' and p_type not like 'PROMO RAW%'
  and p_size in (2, 3, 5, 7, 8, 9, 11, 12)
  and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%late%grievance%')
group by p_brand, p_type, p_size
