import { generateFleet } from '/work/main/test/sim/fleet.ts';
import { Baseline } from '/work/main/test/sim/baselines.ts';
import { eligibleOf, outcomeOf } from '/work/main/test/sim/outcome.ts';
import { World, WEATHER } from '@drover/schedule';
globalThis.RETRY=Number(process.env.RETRY??10000);const seed=Number(process.argv[2]??42), only=process.argv[3];
const f=generateFleet({seed,devices:100000,cells:2000});
const e=eligibleOf(f); console.log(e.allCount,e.natCount);
const H=3.6e6,N=100000;
const {noiseOf}=await import('/work/main/libs/schedule/src/simulate/noise.ts');
const nz=noiseOf(seed+7);
const P={
 fifoSlot:[{maxActive:5000,holdsSlot:true},'none'],
 k500:[{maxActive:500},'none'],
 k2000:[{maxActive:2000},'none'],
 rate:[{releaseAt:i=>i/1000*6e4},'none'],
 tuned:[{releaseAt:i=>i/N*120*H},'none'],
 j24:[{releaseAt:i=>nz(i,0,1)*24*H},'none'],
 j5:[{releaseAt:i=>nz(i,0,1)*120*H},'none'],
 iotda:[{caps:[50,10,1]},'none'],
 caps:[{caps:[10,2,1]},'none'],
 rateP:[{releaseAt:i=>i/1000*6e4,keepsBatteryFloor:true},'even'],
 iotdaP:[{caps:[50,10,1],keepsBatteryFloor:true},'even'],
 capsP:[{caps:[10,2,1],keepsBatteryFloor:true},'even'],
};
for(const [k,[r,pacing]] of Object.entries(P)){ if(only&&!only.split(',').includes(k))continue;
 const t0=performance.now();const w=new World(f,{...WEATHER,seed},{pacing,horizonMs:21*24*H});w.run(new Baseline(r));
 const o=outcomeOf(w,e);const p=(x,d=1)=>x.toFixed(d);
 console.log(k.padEnd(9),p(o.inTimeAll*100,2),p(o.inTimeNat*100,2),'t50',p(o.t50),'t90',p(o.t90),'t99',p(o.t99),'t999',p(o.t999),'mk',p(o.makespan,0),'viol',(o.overBudget/1000).toFixed(0)+'k',(o.overCapacity/1000).toFixed(0)+'k','oow',p(o.outsideWindow,0),'low',o.lowBattery,'MB',p(o.wastedMb,0),p(o.wasted*100),'mAh',p(o.mah.p50),p(o.mah.p95,0),p(o.mah.p99,0),'Ah',p(o.fleetAh,0),'ce1p95',p(o.mahByCe[1].p95),'ce2',p(o.mahByCe[2].p50,0),p(o.mahByCe[2].p95,0),'slow',p(o.slowed/o.activeMinutes*100,0)+'%',(performance.now()-t0|0)+'ms');
}
