select sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem, part
where p_partkey = l_partkey and l_shipmode in ('PLANE', 'PLANE POST') and l_shipinstruct = 'BY HAND' and (
    (p_brand = 'Brand 12' and p_container in ('SMALL BOX', 'SMALL BAG')
      and l_quantity >= 1 and l_quantity <= 21 and p_size between 1 and 8)
    or (p_brand = 'Brand 23' and p_container in ('MID BAG', 'MID BOX', 'MID CRATE')
      and l_quantity >= 10 and l_quantity <= 40 and p_size between 1 and 10)
    or (p_brand = 'Brand 33' and p_container in ('LARGE BOX', 'LARGE CRATE')
      and l_quantity >= 10 and l_quantity <= 40 and p_size between 1 and 12)
  )
