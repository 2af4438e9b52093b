-- A night for databases of every schema: A1 agrees, of A2 a fen is lacking at UMS,
-- and a person has resolved that. The fingerprints, the ids of cases and the words
-- of the answers (those of A1 as a text, those of A2 packed without a checksum)
-- are written out: a version that makes others of the same rows, or reads these
-- otherwise, would find fault with the databases that there are.
INSERT INTO runs (run_id, day, status, started_at, ended_at, summary, judged, discrepant, closing_event_id) VALUES
('01a1f000-0000-7000-8000-000000000001', '2026-11-19', 'complete', '2026-11-20T02:30:00.000+08:00', '2026-11-20T02:31:00.000+08:00',
'{"run_id":"01a1f000-0000-7000-8000-000000000001","day":"2026-11-19","status":"complete","judged":2,"discrepant":1,"kinds":{"payment":{"loaded":{"count":2,"fen":2908},"classes":{"matched":{"count":1,"fen":1908},"discrepant":{"count":1,"fen":1000}},"ledger":{"count":2,"fen":2908},"ums":{"count":2,"fen":2907},"bridge":{"by_code":{"AMOUNT_BILL_LESS":{"count":1,"fen":-1}}}}},"cases":{"new":{"count":1,"fen":1},"closing":{"count":1,"fen":1}}}',
2, 1, 1);

INSERT INTO loads (load_id, run_id, scope, day, files, sha256, loaded_at, rows, orders, invalid, total_fen) VALUES
(1, '01a1f000-0000-7000-8000-000000000001', 'orders-2026-11-19.csv', '2026-11-19', '["orders-2026-11-19.csv"]', '00', '2026-11-20T02:30:00.000+08:00', 3, 2, 1, 2908);

INSERT INTO bad_rows (load_id, case_id, file, line, column_name, reason_zh, reason_en, raw, damaged) VALUES
(1, 'D2709841cb86fe0ba', 'orders-2026-11-19.csv', 4, 'amount', '', '', 'A3,x', 0);

INSERT INTO orders (order_id, mid, tid, inst_mid, bill_day, bill_no, ledger_day, order_no, amount_fen, status, paid_at, mer_order_id, auth_code, contract_id, fen_order_id, service_id,
  file, line, row_hash, scope, load_id, first_seen_at, status_at, class, final, judged_run_id, pinned_status, pinned_fen) VALUES
(1, '898340149000005', '00000001', 'QRPAYDEFAULT', '2026-11-19', 'A1', '2026-11-19', 'no-A1', 1908, 'paid', '2026-11-19T14:30:00.000+08:00', '', '', '', '', '',
  'orders-2026-11-19.csv', 2, 'f7277cb1958a806ee1fe860cf90892d0', 'orders-2026-11-19.csv', 1, '2026-11-20T02:30:00.000+08:00', '2026-11-20T02:30:00.000+08:00',
  'matched', 1, '01a1f000-0000-7000-8000-000000000001', 'paid', 1908),
(2, '898340149000005', '00000001', 'QRPAYDEFAULT', '2026-11-19', 'A2', '2026-11-19', 'no-A2', 1000, 'paid', '2026-11-19T14:30:00.000+08:00', '', '', '', '', '',
  'orders-2026-11-19.csv', 3, '07d9447071756732457b085350b796c5', 'orders-2026-11-19.csv', 1, '2026-11-20T02:30:00.000+08:00', '2026-11-20T02:30:00.000+08:00',
  'discrepant', 0, '01a1f000-0000-7000-8000-000000000001', NULL, NULL);

INSERT INTO answers (answer_id, run_id, order_id, asked_at, outcome, attempts, err_code, message, body, bill_status, total_fen,
  pay_status, pay_mer_order_id, pay_seq_id, pay_target_order_id, pay_target_sys, pay_total_fen, pay_buyer_fen, pay_at, pay_settle_day) VALUES
(1, '01a1f000-0000-7000-8000-000000000001', 1, '2026-11-20T02:30:01.000+08:00', 'found', 1, 'SUCCESS', '',
  CAST('{"errCode":"SUCCESS","mid":"898340149000005","tid":"00000001","instMid":"QRPAYDEFAULT","billNo":"A1","billDate":"2026-11-19","billStatus":"PAID","totalAmount":"1908","billPayment":{"status":"TRADE_SUCCESS","paySeqId":"seq-A1","totalAmount":"1908","buyerPayAmount":"1908","payTime":"2026-11-19 14:30:00","settleDate":"2026-11-20","targetSys":"WXPay","merOrderId":"m-A1"}}' AS BLOB),
  'PAID', 1908, 'TRADE_SUCCESS', 'm-A1', 'seq-A1', '', 'WXPay', 1908, 1908, '2026-11-19T14:30:00.000+08:00', '2026-11-20'),
(2, '01a1f000-0000-7000-8000-000000000001', 2, '2026-11-20T02:30:02.000+08:00', 'found', 1, 'SUCCESS', '',
  X'01AAC6EA0AB805C6260686269660CDA6E866198213370E27C253A4A311347D22C78FA1A1AEA125541C3D1C51DD6769095387949871C62B5272294E2DD405DB8DD53CF4240D11464B5F60572A189A58191B5881830E33A1191AEA1AE14A3628493A57D7D148A9B6163000',
  'PAID', 999, 'TRADE_SUCCESS', 'm-A2', 'seq-A2', '', 'WXPay', 999, 999, '2026-11-19T14:30:00.000+08:00', '2026-11-20');

UPDATE orders SET answer_id = order_id, last_answer_id = order_id, first_settle_day = '2026-11-20', first_paid_at = '2026-11-19T14:30:00.000+08:00';

INSERT INTO cases (case_id, order_id, code, severity, state, is_primary, ledger_day, ledger_fen, ums_fen, gap_fen, stake_fen, reason_zh, reason_en, facts, first_seen_day, last_seen_day, times, run_id) VALUES
('D08c8ccfc42c8b124', 2, 'AMOUNT_BILL_LESS', 'S1', 'resolved', 1, '2026-11-19', 1000, 999, -1, 1, '少', 'less', 'paid 10.00', '2026-11-19', '2026-11-19', 1, '01a1f000-0000-7000-8000-000000000001');

INSERT INTO events (case_id, run_id, at, kind, was, state, stake_fen, reason_zh, reason_en, facts) VALUES
('D08c8ccfc42c8b124', '01a1f000-0000-7000-8000-000000000001', '2026-11-20T02:31:00.000+08:00', 'opened', '', 'open', 1, '少', 'less', 'paid 10.00'),
('D08c8ccfc42c8b124', NULL, '2026-11-20T09:00:00.000+08:00', 'resolved', 'open', 'resolved', 1, '', '', '');
