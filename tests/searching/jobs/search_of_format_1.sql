BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'first record');
INSERT INTO "studies" VALUES(2,'first');
INSERT INTO "studies" VALUES(3,'first on device0');
INSERT INTO "studies" VALUES(4,'first on device1');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MINIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',2,0);
INSERT INTO "study_directions" VALUES(3,'MINIMIZE',3,0);
INSERT INTO "study_directions" VALUES(4,'MINIMIZE',4,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'study:metric_names','["bytes"]');
INSERT INTO "study_system_attributes" VALUES(2,2,'study:metric_names','["accuracy"]');
INSERT INTO "study_system_attributes" VALUES(3,3,'study:metric_names','["latency_ms"]');
INSERT INTO "study_system_attributes" VALUES(4,4,'study:metric_names','["latency_ms"]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'edgeslim','{"format": 1, "objectives": {"bytes": "minimize"}, "what": "record"}');
INSERT INTO "study_user_attributes" VALUES(2,2,'edgeslim','{"format": 1, "objectives": {"accuracy": "maximize"}, "interval_s": 10.0, "grace_s": 60.0, "failures": 3, "silences": 5}');
INSERT INTO "study_user_attributes" VALUES(3,3,'edgeslim','{"format": 1, "objectives": {"latency_ms": "minimize"}, "interval_s": 10.0, "grace_s": 60.0, "failures": 3, "silences": 5}');
INSERT INTO "study_user_attributes" VALUES(4,4,'edgeslim','{"format": 1, "objectives": {"latency_ms": "minimize"}, "interval_s": 10.0, "grace_s": 60.0, "failures": 3, "silences": 5}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_heartbeats" VALUES(1,6,'2026-11-30 22:26:09');
INSERT INTO "trial_heartbeats" VALUES(2,7,'2026-11-30 22:26:09');
INSERT INTO "trial_heartbeats" VALUES(3,8,'2026-11-30 22:26:09');
INSERT INTO "trial_heartbeats" VALUES(4,9,'2026-11-30 22:26:09');
INSERT INTO "trial_heartbeats" VALUES(5,11,'2026-11-30 22:26:09');
INSERT INTO "trial_heartbeats" VALUES(6,10,'2026-11-30 22:26:09');
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,6,'t0',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(2,6,'t1',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(3,6,'t2',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(4,6,'t3',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(5,6,'t4',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(6,6,'t5',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(7,6,'t6',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(8,6,'t7',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(9,6,'t8',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(10,6,'t9',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(11,6,'t10',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(12,6,'t11',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(13,6,'t12',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(14,6,'t13',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(15,6,'t14',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(16,6,'t15',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(17,6,'t16',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(18,6,'t17',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(19,7,'t0',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(20,7,'t1',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(21,7,'t2',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(22,7,'t3',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(23,7,'t4',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(24,7,'t5',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(25,7,'t6',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(26,7,'t7',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(27,7,'t8',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(28,7,'t9',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(29,7,'t10',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(30,7,'t11',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(31,7,'t12',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(32,7,'t13',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(33,7,'t14',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(34,7,'t15',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(35,7,'t16',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
INSERT INTO "trial_params" VALUES(36,7,'t17',0.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 1}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'key','"table 0"');
INSERT INTO "trial_user_attributes" VALUES(2,1,'part0','"eJzN2k1r20AQBuB7f0XYa2Ujyd/+E730UAjByNImFrU+WK3sBJP/3ll5Oi4UZg/TwpRx3livIktPC5lDb8Z1V7M3Zdd6++5NYip7qUsLh07dEN6fClddCxeOFE+960o7DJ1LnvKnsnN2gDPsuy1HX3et2d+ML9yb9XDy+3YNXe9sWQ9TZ177RQ6H/MnZohrMPoO6u1p3aLoqXL7tZse6rcxnYs710RXu43CxDn/4ks+zxcyVcAE3tq11cKz/8CcoE1PCFb2t4FCe5utZls3y/Hua7qf5On0N91m92eFcN3BaOs/m6XR73cW2RTs9cLhQ18J7j/c7DnDNxAzW+7p9gzt+fknM2Nb+fvJQnmxTmH2emFegqN/aAz29+fxyQ9qut67wnYOfoG8B6md41L1x9jxCU7f96Idw/Ad8zHOWbJP1EublBTS60f9uv43+7/4Kn32aenhTeO/q4+jt9B4ONLYYRmcbeK7wCDczFE1/tsOhDW+zdPqTRBIevCzgecM9DFfb+8PxY/qINHx+4ZqxD9/Dac6+WmdB9NCEep7CP6l68KM7Tn9Bhm6o+kdMKxiOiXoRU4YcfCpmWsNwTNSLmHLk4FMx0waGY6JexLRADj4VM4XhmKgXMS2Rg0/FTDsYjol6EdMKOfjUy7RJYRimRy9iWiMHn4qZMhiOiXoR0wY5+FTMlMNwTNSLmLbIwadipgUMx0S9iGmHHHwqZlrCcEzUS5jua1GaRFIx0wqGY6JexITbdiQVM61hOCbqRUy4bUdSMdMGhmOiXsSE23YkFTOF4ZioFzHhth1JxUw7GI6JehETbtuR1Mu0TWEYpkcvYsJtO5KKmeALt4U/ehETbtuRVMyUw3BM1IuYcNuOpGKmBQzHRL2ICbftSCpmWsJwTNRLmO6/79MkkoqZVjAcE/UiJty2I6mYaQ3DMVEvYsJtO5KKmTYwHBP1IibctiOpmCkMx0S9iAm37UgqZtrBcEzUi5hw246kXqZdCsMwPXoRE27bkVTMlMFwTNSLmHDbjqRiphyGY6JexITbdiQVMy1gOCbqRUy4bUdSMdMShmOiXsJ0/0WWJpFUzLSC4ZioFzHhth1JxUxrGI6JehETbtuRVMy0geGYqBcx4bYdScVMYTgm6kVMuG1HUjHTDoZjol7EhNt2JPUyZen0Px8ZqD/PEFHhxh1JzVRZeLFUjzNEVLh1R1IzVR5eLNXjDBEVbt6R1Ey1CC+W6nGGiAq370j+P6pfyV7TGA=="');
INSERT INTO "trial_user_attributes" VALUES(3,2,'key','"table 0"');
INSERT INTO "trial_user_attributes" VALUES(4,2,'sha256','"e85b51516ca65a0e05301c2078ee208439cfd8f468f417c2323b62d653181934"');
INSERT INTO "trial_user_attributes" VALUES(5,2,'parts','0');
INSERT INTO "trial_user_attributes" VALUES(6,3,'key','"table 1"');
INSERT INTO "trial_user_attributes" VALUES(7,3,'sha256','"a0149b2469e6b0725a9f66f4ec800def511e2c9a295a37b01b0941b0e045bb42"');
INSERT INTO "trial_user_attributes" VALUES(8,3,'text','"{\"row\":\"context\",\"device\":\"host\",\"hardware\":\"a processor, 2 cores\",\"execution\":{\"target\":\"x86\",\"precision\":\"fp32\",\"threads\":1,\"power_mode\":\"no-bind\"},\"library_version\":\"v2.13-rc\",\"runner\":\"python\",\"created\":\"2026-11-22T00:00:00+00:00\",\"edgeslim\":\"0.1.0\",\"provenance\":\"\",\"convention\":\"fused\",\"settings\":[],\"unit\":\"\",\"schema\":2,\"foreign_target\":\"\"}\n{\"row\":\"operator\",\"operator\":{\"kind\":\"relu\",\"inputs\":{\"X\":[[1,9,4,4]]},\"outputs\":{\"Out\":[[1,9,4,4]]},\"weights\":{},\"attributes\":{}},\"measurements\":[{\"samples_ns\":[1000000,1000000,1000000,1000000,1000000],\"cache\":{\"swept_bytes\":0},\"warmup\":0}],\"reference_ms\":0.0,\"disturbed\":\"\",\"measured\":\"\"}\n"');
INSERT INTO "trial_user_attributes" VALUES(9,4,'key','"table 2"');
INSERT INTO "trial_user_attributes" VALUES(10,4,'sha256','"f5de5135f223da4f12142d53131d32c6c3a24a949fd1ea3c166d2d62072bcc5d"');
INSERT INTO "trial_user_attributes" VALUES(11,4,'text','"{\"row\":\"context\",\"device\":\"host\",\"hardware\":\"a processor, 2 cores\",\"execution\":{\"target\":\"x86\",\"precision\":\"fp32\",\"threads\":1,\"power_mode\":\"no-bind\"},\"library_version\":\"v2.13-rc\",\"runner\":\"python\",\"created\":\"2026-11-22T00:00:00+00:00\",\"edgeslim\":\"0.1.0\",\"provenance\":\"\",\"convention\":\"fused\",\"settings\":[],\"unit\":\"\",\"schema\":2,\"foreign_target\":\"\"}\n{\"row\":\"operator\",\"operator\":{\"kind\":\"relu\",\"inputs\":{\"X\":[[1,10,4,4]]},\"outputs\":{\"Out\":[[1,10,4,4]]},\"weights\":{},\"attributes\":{}},\"measurements\":[{\"samples_ns\":[1000000,1000000,1000000,1000000,1000000],\"cache\":{\"swept_bytes\":0},\"warmup\":0}],\"reference_ms\":0.0,\"disturbed\":\"\",\"measured\":\"\"}\n"');
INSERT INTO "trial_user_attributes" VALUES(12,5,'key','"settings"');
INSERT INTO "trial_user_attributes" VALUES(13,5,'sha256','"42dc82ff4a507e7940f2b609f2a477b15a74adde03d8fac4e0410282d990e841"');
INSERT INTO "trial_user_attributes" VALUES(14,5,'text','"{\"task\":\"digits\",\"confidence\":0.5,\"max_macs\":null,\"max_paddleslim1_flops\":null,\"max_parameters\":null,\"max_bytes\":null,\"algorithm\":\"random\",\"prefilter\":\"\",\"parallel\":1,\"accuracy\":\"training\",\"epochs\":1,\"finalists\":1,\"final_epochs\":null,\"seed\":0,\"space\":\"light-nas-small\",\"space_fingerprint\":\"0123456789abcdef\",\"input_shape\":[1,1,16,16],\"num_classes\":10,\"targets\":[{\"device\":\"device0\",\"target_ms\":1.0,\"table\":\"t0\",\"measurable\":true},{\"device\":\"device1\",\"target_ms\":2.0,\"table\":\"t1\",\"measurable\":true},{\"device\":\"device2\",\"target_ms\":3.0,\"table\":\"t2\",\"measurable\":false}],\"starts\":[[1,1,1,0,1,0,1,1,1,0,1,0,1,1,1,0,1,0]],\"candidates\":4,\"most_candidates\":4}"');
INSERT INTO "trial_user_attributes" VALUES(15,6,'candidate','0');
INSERT INTO "trial_user_attributes" VALUES(16,7,'candidate','1');
INSERT INTO "trial_user_attributes" VALUES(17,8,'candidate','2');
INSERT INTO "trial_user_attributes" VALUES(18,6,'worker','"elsewhere:5538@b297f6"');
INSERT INTO "trial_user_attributes" VALUES(19,6,'predicted_ms','[1.0, 2.0, 3.0]');
INSERT INTO "trial_user_attributes" VALUES(20,7,'worker','"elsewhere:5538@b297f6"');
INSERT INTO "trial_user_attributes" VALUES(21,7,'predicted_ms','[1.0, 2.0, 3.0]');
INSERT INTO "trial_user_attributes" VALUES(22,8,'worker','"elsewhere:5538@b297f6"');
INSERT INTO "trial_user_attributes" VALUES(23,8,'reason','"out of memory"');
INSERT INTO "trial_user_attributes" VALUES(24,9,'candidate','2');
INSERT INTO "trial_user_attributes" VALUES(25,9,'worker','"elsewhere:5538@b297f6"');
INSERT INTO "trial_user_attributes" VALUES(26,10,'candidate','2');
INSERT INTO "trial_user_attributes" VALUES(27,11,'candidate','1');
INSERT INTO "trial_user_attributes" VALUES(28,11,'worker','"elsewhere:5538@b297f6"');
INSERT INTO "trial_user_attributes" VALUES(29,12,'key','"network 0 1"');
INSERT INTO "trial_user_attributes" VALUES(30,12,'sha256','"a8d22460041a34f01b687700dae755cdedeba61cad5b68101a209f09ddad80ca"');
INSERT INTO "trial_user_attributes" VALUES(31,12,'text','"{\"row\":\"network\",\"name\":\"net\",\"graph\":{\"nodes\":[{\"spec\":{\"kind\":\"relu\",\"inputs\":{\"X\":[[1,8,4,4]]},\"outputs\":{\"Out\":[[1,8,4,4]]},\"weights\":{},\"attributes\":{}},\"inputs\":{\"X\":[\"v0\"]},\"outputs\":{\"Out\":[\"v1\"]},\"weights\":{}}],\"feeds\":{\"v0\":[1,8,4,4]},\"fetches\":[\"v1\"],\"parameters\":{},\"feed_types\":{},\"feed_bounds\":{}},\"measurements\":[{\"samples_ns\":[1250000,1250000,1250000,1250000,1250000],\"cache\":{\"swept_bytes\":0},\"warmup\":0}],\"reference_ms\":0.0,\"measured\":\"\"}"');
INSERT INTO "trial_user_attributes" VALUES(32,11,'round','0');
INSERT INTO "trial_user_attributes" VALUES(33,10,'worker','"elsewhere:5538@b297f6"');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,2,0,12163.0,'FINITE');
INSERT INTO "trial_values" VALUES(2,3,0,638.0,'FINITE');
INSERT INTO "trial_values" VALUES(3,4,0,640.0,'FINITE');
INSERT INTO "trial_values" VALUES(4,5,0,652.0,'FINITE');
INSERT INTO "trial_values" VALUES(5,6,0,0.5,'FINITE');
INSERT INTO "trial_values" VALUES(6,7,0,0.6,'FINITE');
INSERT INTO "trial_values" VALUES(7,12,0,456.0,'FINITE');
INSERT INTO "trial_values" VALUES(8,11,0,1.25,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'PRUNED','2026-11-30 22:26:08.965544','2026-11-30 22:26:08.965544');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-30 22:26:09.009633','2026-11-30 22:26:09.009633');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-30 22:26:09.101053','2026-11-30 22:26:09.101053');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-30 22:26:09.156549','2026-11-30 22:26:09.156549');
INSERT INTO "trials" VALUES(5,4,1,'COMPLETE','2026-11-30 22:26:09.203009','2026-11-30 22:26:09.203009');
INSERT INTO "trials" VALUES(6,0,2,'COMPLETE','2026-11-30 22:26:09.395648','2026-11-30 22:26:09.470297');
INSERT INTO "trials" VALUES(7,1,2,'COMPLETE','2026-11-30 22:26:09.494827','2026-11-30 22:26:09.550572');
INSERT INTO "trials" VALUES(8,2,2,'FAIL','2026-11-30 22:26:09.565521','2026-11-30 22:26:09.582098');
INSERT INTO "trials" VALUES(9,3,2,'PRUNED','2026-11-30 22:26:09.628575','2026-11-30 22:26:09.632028');
INSERT INTO "trials" VALUES(10,4,2,'RUNNING','2026-11-30 22:26:09.782153',NULL);
INSERT INTO "trials" VALUES(11,0,3,'COMPLETE','2026-11-30 22:26:09.700958','2026-11-30 22:26:09.763009');
INSERT INTO "trials" VALUES(12,5,1,'COMPLETE','2026-11-30 22:26:09.722356','2026-11-30 22:26:09.722356');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
