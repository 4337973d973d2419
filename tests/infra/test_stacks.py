import json
def test_x(cloud):
    for n,t in cloud.templates.items():
        open(f"/tmp/airstep/e/{n}.json","w").write(json.dumps(t,indent=1))
