"""The words of the demo's clinical notes, each list from the common to the rare."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(","))


DRUGS = _words("""
metformin, lisinopril, atorvastatin, amlodipine, metoprolol, omeprazole, losartan, albuterol, gabapentin, furosemide,
sertraline, prednisone, levothyroxine, acetaminophen, ibuprofen, aspirin, warfarin, apixaban, heparin, insulin glargine,
insulin lispro, ondansetron, morphine, oxycodone, tramadol, hydromorphone, fentanyl, ketorolac, amoxicillin, azithromycin,
ceftriaxone, vancomycin, piperacillin-tazobactam, ciprofloxacin, levofloxacin, doxycycline, cephalexin, clindamycin,
metronidazole, nitrofurantoin, meropenem, trimethoprim-sulfamethoxazole, cefazolin, cefepime, linezolid, daptomycin,
fluconazole, micafungin, acyclovir, valacyclovir, oseltamivir, hydrochlorothiazide, chlorthalidone, spironolactone,
torsemide, bumetanide, carvedilol, bisoprolol, propranolol, labetalol, diltiazem, verapamil, nifedipine, hydralazine,
clonidine, isosorbide mononitrate, nitroglycerin, digoxin, amiodarone, sotalol, flecainide, dofetilide, valsartan,
irbesartan, candesartan, sacubitril/valsartan, ramipril, enalapril, benazepril, ivabradine, rosuvastatin, simvastatin,
pravastatin, ezetimibe, fenofibrate, evolocumab, clopidogrel, ticagrelor, prasugrel, rivaroxaban, dabigatran, enoxaparin,
fondaparinux, alteplase, tranexamic acid, pantoprazole, esomeprazole, famotidine, sucralfate, metoclopramide,
prochlorperazine, promethazine, senna, docusate, polyethylene glycol, lactulose, bisacodyl, loperamide, mesalamine,
budesonide, rifaximin, ursodiol, octreotide, glipizide, glimepiride, sitagliptin, linagliptin, empagliflozin, dapagliflozin,
canagliflozin, semaglutide, liraglutide, dulaglutide, tirzepatide, pioglitazone, acarbose, liothyronine, methimazole,
propylthiouracil, hydrocortisone, dexamethasone, methylprednisolone, fludrocortisone, desmopressin, cabergoline,
teriparatide, alendronate, denosumab, calcitriol, cholecalciferol, ferrous sulfate, cyanocobalamin, folic acid, thiamine,
potassium chloride, magnesium oxide, fluoxetine, escitalopram, citalopram, paroxetine, venlafaxine, duloxetine, bupropion,
mirtazapine, trazodone, amitriptyline, nortriptyline, lithium, lamotrigine, valproate, carbamazepine, oxcarbazepine,
levetiracetam, lacosamide, topiramate, phenytoin, phenobarbital, zonisamide, clobazam, lorazepam, diazepam, clonazepam,
alprazolam, midazolam, zolpidem, melatonin, hydroxyzine, buspirone, quetiapine, olanzapine, risperidone, aripiprazole,
haloperidol, clozapine, ziprasidone, donepezil, memantine, rivastigmine, carbidopa/levodopa, pramipexole, ropinirole,
rasagiline, baclofen, tizanidine, cyclobenzaprine, methocarbamol, pregabalin, sumatriptan, rizatriptan, erenumab, naproxen,
meloxicam, celecoxib, diclofenac, colchicine, allopurinol, febuxostat, methotrexate, hydroxychloroquine, sulfasalazine,
leflunomide, azathioprine, mycophenolate, tacrolimus, cyclosporine, adalimumab, etanercept, infliximab, rituximab,
tocilizumab, secukinumab, ustekinumab, tiotropium, ipratropium, fluticasone, salmeterol, formoterol, montelukast,
theophylline, roflumilast, benzonatate, guaifenesin, cetirizine, loratadine, fexofenadine, diphenhydramine, epinephrine,
tamsulosin, finasteride, oxybutynin, mirabegron, solifenacin, sildenafil, tadalafil, estradiol, medroxyprogesterone,
tamoxifen, letrozole, anastrozole, capecitabine, oxaliplatin, carboplatin, paclitaxel, docetaxel, gemcitabine,
pembrolizumab, nivolumab, imatinib, bortezomib, lenalidomide, filgrastim, epoetin alfa, naloxone, buprenorphine, methadone,
naltrexone, nicotine patch, varenicline, latanoprost, timolol, brimonidine, mupirocin, triamcinolone, clobetasol,
ketoconazole, nystatin, terbinafine, permethrin, ivermectin, propofol, ketamine, rocuronium, succinylcholine,
norepinephrine, vasopressin, dobutamine, milrinone, phenylephrine
""")

PROBLEMS = _words("""
hypertension, chest pain, shortness of breath, SOB, cough, fever, nausea, vomiting, abdominal pain, headache, fatigue,
dizziness, T2DM, type 2 diabetes mellitus, CHF, COPD, CAD, CKD stage 3, atrial fibrillation, afib, pneumonia, UTI,
cellulitis, sepsis, anemia, hypothyroidism, GERD, asthma, depression, anxiety, obesity, hyperlipidemia, HLD, osteoarthritis,
back pain, constipation, diarrhea, edema, dyspnea on exertion, orthopnea, palpitations, syncope, diaphoresis, wheezing,
chills, night sweats, weight loss, dysuria, hematuria, urinary retention, flank pain, melena, hematochezia, dysphagia,
odynophagia, hematemesis, jaundice, pruritus, rash, urticaria, blurred vision, diplopia, photophobia, tinnitus, vertigo,
hearing loss, epistaxis, sore throat, hoarseness, hemoptysis, pleural effusion, pneumothorax, pulmonary embolism, PE, DVT,
NSTEMI, STEMI, unstable angina, aortic stenosis, mitral regurgitation, pericarditis, endocarditis, cardiomyopathy,
bradycardia, ventricular tachycardia, heart block, peripheral artery disease, claudication, aortic aneurysm, TIA, ischemic
stroke, subdural hematoma, subarachnoid hemorrhage, seizure, status epilepticus, migraine, neuropathy, paresthesia,
hemiparesis, aphasia, dysarthria, facial droop, tremor, Parkinson disease, multiple sclerosis, myasthenia gravis,
Guillain-Barré syndrome, dementia, delirium, encephalopathy, meningitis, insomnia, bipolar disorder, schizophrenia, PTSD,
alcohol use disorder, opioid withdrawal, hypoglycemia, hyperglycemia, DKA, hyponatremia, hypokalemia, hyperkalemia,
hypercalcemia, metabolic acidosis, AKI, ESRD, nephrolithiasis, hydronephrosis, pyelonephritis, proteinuria, nephrotic
syndrome, BPH, prostatitis, epididymitis, erectile dysfunction, cholelithiasis, cholecystitis, choledocholithiasis,
pancreatitis, cirrhosis, ascites, hepatic encephalopathy, esophageal varices, hepatitis C, fatty liver, peptic ulcer,
gastritis, gastroparesis, Crohn's disease, ulcerative colitis, diverticulitis, small bowel obstruction, ileus, appendicitis,
hernia, hemorrhoids, anal fissure, celiac disease, C. difficile colitis, osteomyelitis, septic arthritis, gout, rheumatoid
arthritis, lupus, psoriasis, Sjögren syndrome, Ménière disease, Raynaud phenomenon, vasculitis, sarcoidosis, scleroderma,
fibromyalgia, osteoporosis, compression fracture, spinal stenosis, radiculopathy, sciatica, rotator cuff tear, meniscal
tear, carpal tunnel syndrome, plantar fasciitis, tendinitis, bursitis, sprain, dislocation, hip fracture, laceration,
contusion, abscess, pressure ulcer, diabetic foot ulcer, burn, thrombocytopenia, neutropenia, pancytopenia, leukocytosis,
iron deficiency, sickle cell crisis, hemophilia, lymphoma, multiple myeloma, CLL, breast cancer, colon cancer, lung nodule,
prostate cancer, melanoma, bladder cancer, renal cell carcinoma, hepatocellular carcinoma, pancreatic mass, brain
metastasis, lymphadenopathy, goiter, Graves disease, thyroid nodule, Cushing syndrome, adrenal insufficiency, SIADH,
hyperparathyroidism, vitamin D deficiency, preeclampsia, gestational diabetes, hyperemesis, placenta previa, endometriosis,
menorrhagia, uterine fibroids, ovarian cyst, PCOS, pelvic pain, vaginal bleeding, mastitis, glaucoma, cataract, retinal
detachment, conjunctivitis, macular degeneration, otitis media, sinusitis, pharyngitis, tonsillitis, peritonsillar abscess,
bronchitis, bronchiectasis, interstitial lung disease, sleep apnea, OSA, tuberculosis, COVID-19, influenza, shingles, HIV,
Lyme disease, anaphylaxis, angioedema, rhabdomyolysis, hypothermia, heat stroke, dehydration, failure to thrive, frequent
falls, gait instability, malnutrition, hypoxia, respiratory failure, ARDS, septic shock, cardiac arrest, hiccups, dry mouth,
café-au-lait spots, hyperhidrosis, xerosis, onychomycosis
""")

PROCEDURES = _words("""
appendectomy, cholecystectomy, CABG, colonoscopy, cesarean section, TKA, THA, total hip arthroplasty, hernia repair, PCI,
cardiac catheterization, pacemaker placement, hysterectomy, intubation, central line placement, lumbar puncture,
paracentesis, thoracentesis, hemodialysis, wound debridement, incision and drainage, EGD, bronchoscopy, ERCP, tonsillectomy,
mastectomy, lumpectomy, thyroidectomy, prostatectomy, TURP, nephrectomy, cystoscopy, ureteral stent placement, lithotripsy,
splenectomy, colectomy, hemicolectomy, ileostomy, colostomy reversal, sigmoidectomy, gastric bypass, sleeve gastrectomy,
fundoplication, Whipple procedure, liver biopsy, liver transplant, kidney transplant, bone marrow biopsy, lymph node
dissection, skin graft, below-knee amputation, toe amputation, ORIF, arthroscopy, ACL reconstruction, meniscectomy, rotator
cuff repair, laminectomy, spinal fusion, discectomy, kyphoplasty, carpal tunnel release, craniotomy, VP shunt placement,
burr hole evacuation, carotid endarterectomy, AAA repair, fem-pop bypass, thrombectomy, IVC filter placement, fistulogram,
AV fistula creation, cardioversion, catheter ablation, TAVR, mitral valve repair, aortic valve replacement, ICD
implantation, Maze procedure, pericardiocentesis, chest tube placement, VATS, lobectomy, wedge resection, decortication,
tracheostomy, PEG placement, septoplasty, sinus surgery, myringotomy, cochlear implant, cataract extraction, vitrectomy,
trabeculectomy, LASIK, corneal transplant, tubal ligation, D&C, oophorectomy, salpingectomy, myomectomy, endometrial
ablation, vasectomy, orchiectomy, circumcision, sling procedure, nerve block, epidural steroid injection, joint aspiration,
trigger point injection, blood transfusion, plasmapheresis, chemotherapy, radiation therapy, stem cell transplant,
electroconvulsive therapy, physical therapy, mechanical ventilation, BiPAP, CPR, suture removal, staple removal, cast
placement, splinting, closed reduction, foreign body removal, nasal packing, arterial line placement, PICC placement, port
placement, Foley catheterization, enteral feeding, hyperbaric oxygen, wound vac placement, fasciotomy, escharotomy,
embolization, TIPS, Botox injection, Mohs surgery, cryotherapy, excision
""")

TESTS = _words("""
CBC, BMP, CMP, A1c, troponin, BNP, ECG, EKG, chest x-ray, CXR, CT head, urinalysis, UA, blood cultures, TSH, INR, lactate,
creatinine, potassium, sodium, glucose, hemoglobin, WBC, platelets, BP, HR, RR, SpO2, temperature, lipase, D-dimer,
echocardiogram, TTE, TEE, stress test, Holter monitor, PFTs, ABG, lipid panel, LDL, ALT, AST, bilirubin, albumin, alkaline
phosphatase, magnesium, phosphorus, calcium, BUN, ferritin, B12 level, vitamin D level, ESR, CRP, ANA, rheumatoid factor,
uric acid, CK, ammonia, cortisol, free T4, PTH, PSA, CEA, CA-125, AFP, HCG, HIV screen, hepatitis panel, RPR, urine culture,
sputum culture, wound culture, stool guaiac, FIT, C. diff PCR, rapid strep, flu swab, respiratory viral panel, QuantiFERON,
CSF analysis, peripheral smear, reticulocyte count, haptoglobin, LDH, fibrinogen, PTT, anti-Xa level, digoxin level,
vancomycin trough, lithium level, urine drug screen, ethanol level, urine electrolytes, 24-hour urine protein, microalbumin,
osmolality, procalcitonin, SPEP, free light chains, flow cytometry, pap smear, mammogram, DEXA scan, MRI brain, MRI lumbar
spine, CT abdomen, CT angiogram, CTPA, V/Q scan, renal ultrasound, RUQ ultrasound, carotid duplex, venous duplex, ABI, KUB,
barium swallow, HIDA scan, PET/CT, bone scan, EEG, EMG, nerve conduction study, sleep study, audiogram, visual field test,
OCT, gastric emptying study, MRCP, tilt table test, urodynamics, hysterosalpingogram, spirometry, peak flow, GCS, MMSE,
PHQ-9, FibroScan, calprotectin, fecal elastase, ceruloplasmin
""")

SITES = _words("""
knee, abdomen, chest, shoulder, hip, ankle, lower extremity, foot, wrist, hand, elbow, neck, back, lumbar spine, right upper
quadrant, lower lobe, lung base, breast, kidney, groin, forearm, calf, thigh, great toe, heel, index finger, thumb, distal
radius, femoral neck, tibial plateau, clavicle, ribs, sternum, cervical spine, sacrum, coccyx, epigastrium, umbilicus,
suprapubic area, flank, axilla, scalp, forehead, eye, orbit, ear, mastoid, jaw, tongue, tonsil, larynx, trachea,
mediastinum, aortic arch, left ventricle, right atrium, mitral valve, LAD, carotid artery, jugular vein, liver, spleen,
pancreas, gallbladder, common bile duct, stomach, duodenum, jejunum, terminal ileum, cecum, sigmoid colon, rectum, bladder,
urethra, prostate, testis, uterus, cervix, ovary, thyroid, parotid, adrenal gland, frontal lobe, temporal lobe, cerebellum,
basal ganglia, pons, thalamus, optic nerve, L4-L5, T12, C5-C6, Achilles tendon, patella, fibula, metatarsals, scaphoid,
humerus, scapula, iliac crest, acetabulum, popliteal fossa, antecubital fossa, upper arm, buttock, perineum
""")

SIDES = _words("""
left, right, L, R, bilateral, lt, rt
""")

GRADES = _words("""
acute, chronic, mild, severe, recurrent, worsening, moderate, intermittent, new-onset, persistent, stable, uncontrolled,
resolving, progressive, refractory, end-stage, subacute, post-op, decompensated, exertional, drug-induced, early
""")

LESIONS = _words("""
pain, swelling, fracture, mass, tenderness, weakness, numbness, wound infection, hematoma, effusion, stiffness, abscess,
erythema, stenosis, lesion, nodule, ulcer, calcification, atrophy, ischemia, edema, spasm, deformity, ecchymosis
""")

APPROACHES = _words("""
laparoscopic, open, robotic-assisted, emergent, elective, CT-guided, bedside, ultrasound-guided, endoscopic, percutaneous,
repeat, partial, revision, minimally invasive, staged
""")

OPERATIONS = _words("""
biopsy, drainage, resection, repair, excision, exploration, aspiration, irrigation, fixation, bypass, stenting, injection
""")

SCANS = _words("""
MRI, CT, x-ray, US, ultrasound, CT angiogram, plain films, duplex, PET
""")

FREQUENCIES = _words("""
BID, daily, PRN, TID, q6h, nightly, once daily, q8h, twice daily, QID, q4h PRN, qHS, at bedtime, q12h, every morning, every
6 hours, weekly, as needed, q24h, with meals, three times a day, every 8 hours PRN, q2h, qAM, qPM, every other day, b.i.d.,
t.i.d., before meals, continuously, q48h, once weekly, monthly, every 72 hours, q3 days, before breakfast, q4-6h PRN, twice
a week, after each loose stool, q15min
""")

NAMES = _words("""
Mrs. Alvarez, Mr. Brandt, Ms. Chen, Mr. Núñez, Mrs. Okafor, Mr. Lindström, Ms. Dubé, Mrs. Håkansson, Mr. O'Neill, Ms.
Petrović, Mr. Müller, Mrs. Gonçalves, Ms. Zoë Martin, Mr. Šimić, Mrs. Tremblay, Mr. Yıldız, Ms. Castañeda, Mrs. Øster, Mr.
Nguyễn, Ms. Łukasik
""")

DOCTORS = _words("""
Dr. Reyes, Dr. Fournier, Dr. Kovač, Dr. Ibrahim, Dr. Sørensen, Dr. Patel, Dr. Weiß, Dr. Moreau, Dr. Ó Briain, Dr. Tanaka
""")
