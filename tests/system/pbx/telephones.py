"""Telephones and callers as SIPp plays them, each doing what a test says."""

PLAYS = {
    "answers": "180 200",
    "accepts": "180 200 presses=1",
    "busy": "486",
    "fails": "503",
    "gone": "404",
    "silent": "180 cancel",
    "declines": "180 603 presses=2",
    "voicemail": "180 603 presses=none",
}
_REASONS = {"180": "Ringing", "200": "OK", "486": "Busy Here", "503": "Unavailable"}
_REASONS |= {"404": "Not Found", "603": "Decline"}

_SDP = """
v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def scenario(number, play):
    """Return SIPp's scenario for the telephone of a number."""
    steps, presses, parts = PLAYS[play].split(), "", []
    if steps[-1].startswith("presses="):
        presses = f"X-Presses: {steps.pop().partition('=')[2]}\n"
    for step in steps:
        if step == "cancel":
            parts.append('<recv request="CANCEL"/>' + _send(number, "200"))
        elif step == "180":
            parts.append(_send(number, "180") + '<pause milliseconds="100"/>')
        elif step == "200":
            parts.append(_send(number, "200", presses, _SDP, 'retrans="500"'))
            parts.append('<recv request="ACK" crlf="true"/><recv request="BYE"/>')
            parts.append(_send(number, "200"))
        else:
            parts.append(_send(number, step, presses, "", 'retrans="500"'))
            parts.append('<recv request="ACK"/>')
    steps = "\n".join(['<recv request="INVITE" crlf="true"/>', *parts])
    return _whole(steps)


def _send(number, status, more="", body="", retransmit=""):
    kind = "Content-Type: application/sdp\n" if body else ""
    return f"""
<send {retransmit}><![CDATA[
SIP/2.0 {status} {_REASONS[status]}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]T[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:{number}@[local_ip]:[local_port];transport=[transport]>
{more}{kind}Content-Length: {"[len]" if body else "0"}
{body}
]]></send>"""


def caller(ends):
    """Return SIPp's scenario for a caller: connected, or refused with a status."""
    head = """
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "[field0]" <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]C[call_number]
Call-ID: [call_id]
Max-Forwards: 70
"""
    invite = f"""<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0{head}CSeq: 1 INVITE
To: <sip:[service]@[remote_ip]:[remote_port]>
Contact: <sip:[field0]@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]
{_SDP}
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true" rrs="true"/>
<recv response="183" optional="true" rrs="true"/>"""
    if ends != 200:
        ack = f"""<recv response="{ends}"/><send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0{head}[last_To:]
CSeq: 1 ACK
Content-Length: 0

]]></send>"""
        return _whole(invite + ack)
    return _whole(f"""{invite}
<recv response="200" rtd="true" rrs="true"><action>
<ereg regexp="sip:([^@]*)@" search_in="hdr" header="Contact:" assign_to="1,2"/>
<log message="CONNECTED_TO [$2]"/></action></recv>
<Reference variables="1,2"/>
<send><![CDATA[
ACK [next_url] SIP/2.0{head}[routes]
[last_To:]
CSeq: 1 ACK
Content-Length: 0

]]></send>
<pause milliseconds="300"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0{head}[routes]
[last_To:]
CSeq: 2 BYE
Content-Length: 0

]]></send>
<recv response="200"/>""")


def _whole(steps):
    head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="played">\n'
    return f"{head}{steps}\n</scenario>\n"
