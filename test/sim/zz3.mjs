import { generateFleet } from './fleet.ts';
import { eligibleOf, outcomeOf } from './outcome.ts';
import { World, WEATHER, ScheduledPolicy, FAST, ECO } from '@drover/schedule';
const seeds=(process.argv[2]??'42').split(',').map(Number);
const over=process.argv[4]?JSON.parse(process.argv[4]):{};
const opts=process.argv[5]?JSON.parse(process.argv[5]):{};
const H=3.6e6;
for(const seed of seeds){
const f=generateFleet({seed,devices:100000,cells:2000});
const e=eligibleOf(f);
for(const [k,W] of Object.entries({FAST,ECO})){ if(process.argv[3]&&process.argv[3]!=='all'&&process.argv[3]!==k)continue;
 const t0=performance.now();const w=new World(f,{...WEATHER,seed},{pacing:'battery-first',horizonMs:21*24*H});const pol=new ScheduledPolicy({mode:{...W,...over},...opts});w.run(pol);
 const o=outcomeOf(w,e);const p=(x,d=1)=>x.toFixed(d);
 console.log(seed,k.padEnd(5),p(o.inTimeAll*100,2),p(o.inTimeNat*100,2),'t50',p(o.t50),'t90',p(o.t90),'t99',p(o.t99),'t999',p(o.t999),'mk',p(o.makespan,0),'viol',o.overBudget,o.overCapacity,'oow',p(o.outsideWindow,0),'low',o.lowBattery,'MB',p(o.wastedMb,0),p(o.wasted*100),'mAh',p(o.mah.p50),p(o.mah.p95,0),p(o.mah.p99,0),'Ah',p(o.fleetAh,0),'ce1p95',p(o.mahByCe[1].p95),'ce2',p(o.mahByCe[2].p50,0),p(o.mahByCe[2].p95,0),'slow',p(o.slowed/o.activeMinutes*100,0)+'%','wk',o.extraWakes,p(o.extraWakes/e.allCount,3),(performance.now()-t0|0)+'ms',process.env.V?JSON.stringify(Object.fromEntries(pol.counts)):'');

 if(process.env.TAIL){const T=Number(process.env.TAIL)*H;const m={};const pop=new Int32Array(f.carriers);for(let i=0;i<f.size;i++)pop[f.carrier[i]]++;
 let tot=0;for(let i=0;i<f.size;i++){if(!e.nat[i]||w.doneAt[i]<=T)continue;tot++;const key=[f.periodMs[i]?('S'+f.periodMs[i]/H).padEnd(3):'M  ',f.canAppoint[i]?'app':'---',f.canResume[i]?'res':'no ','CE'+(f.meanLossDb[i]>154?2:f.meanLossDb[i]>=144?1:0),f.bearer[i]?'LTE':'NB',pop[f.carrier[i]]>400?'BIG':pop[f.carrier[i]]>150?'mid':'sml',f.window[i]?'win':''].join(' ');m[key]=(m[key]??0)+1;}
 const es=Object.entries(m).sort((a,b)=>b[1]-a[1]);console.log(tot,'left of',e.natCount);const agg=(ix)=>{const g={};for(const [k,v] of es){const q=k.split(/ +/)[ix];g[q]=(g[q]??0)+v;}return JSON.stringify(g);};
 console.log([0,1,2,3,4,5,6].map(agg).join(' '));console.log(es.slice(0,14).map(x=>'   '+x.join(' ')).join('\n'));}
}}
