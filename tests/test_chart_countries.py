from charts_builders import counted, result, context
from dashboard.charts.countries import Countries
from alike import assert_patched_like_fresh
import time
def rows(**c):
    S=sum(a for a,_ in c.values()); C=sum(b for _,b in c.values()); m=C/S
    return [counted(a,b,country=k,expected=a*m,shrunk_rate=(b+300*m)/(a+300),enough=a>=100 and (not C or a*C>=S)) for k,(a,b) in c.items()]
def test_a():
    ch=Countries(context=context())
    f=ch.read([result(rows(US=(4000,120),SG=(300,2),ET=(129,4),FR=(50,0)))])
    print(f.to_string()); t=time.process_time()
    assert_patched_like_fresh(ch,[f, ch.read([result([])])]); print(time.process_time()-t)
    print(ch.say(f)); 
