select cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal
from (
  select substring(c_phone, 1, 2) as cntrycode, c_acctbal
  from customer
  where substring(c_phone, 1, 2) in ('10', '11', '13', '17', '18', '19', '25')
    and c_acctbal > (
      select avg(c_acctbal) from customer
      where c_acctbal > 0.00 and substring(c_phone, 1, 2) in ('10', '11', '13', '17', '18', '19', '25')
    )
    and not exists (select 1 from orders where o_custkey = c_custkey)
)
group by cntrycode
