"""Checks of the TLS certificate: it and its key load, its time, its names, and whether clients can verify it."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtensionOID

from tui_registry_server.doctor.subject import Server
from tui_registry_server.wire.diagnosis import Finding, Status

SOON = timedelta(days=14)  # renewals by ACME come thirty days before the end
RENEW = "Renew it, and send SIGHUP to the server."


def is_served(server: Server) -> Iterator[Finding]:
    options = server.options
    if (certificate := options.certificate) is None:
        if options.insecure_http:
            yield Finding(
                Status.WARN,
                f"{options.host}:{options.port} is served without TLS.",
                "Only where a proxy terminates TLS, or the network is yours: else give --tls-cert and --tls-key.",
            )
        return
    context = certificate.context()  # raises what is wrong with the files, and says it
    chain = x509.load_pem_x509_certificates(certificate.certificate.read_bytes())
    leaf, now = chain[0], datetime.now(UTC)
    end = leaf.not_valid_after_utc
    if leaf.not_valid_before_utc > now:
        yield Finding(
            Status.FAIL,
            f"The certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC.",
            "Check this machine's clock, and whether this is the right certificate.",
        )
    elif end < now:
        yield Finding(Status.FAIL, f"The certificate expired on {end:%Y-%m-%d %H:%M} UTC.", RENEW)
    else:
        status = Status.WARN if end - now < SOON else Status.OK
        left = f"The certificate expires on {end:%Y-%m-%d}, in {(end - now).days} days."
        yield Finding(status, left, RENEW if status == Status.WARN else "")
    yield _names(leaf)
    yield from _chain(chain, context)


def _names(leaf: x509.Certificate) -> Finding:
    try:
        found = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        found = None
    if not isinstance(found, x509.SubjectAlternativeName):
        return Finding(
            Status.FAIL,
            "The certificate has no subject alternative name: no client accepts it.",
            "Have it issued for the name that clients use.",
        )
    names = [str(each.value) for each in found]
    return Finding(Status.OK, f"It is for {', '.join(names)}. Clients must use one of these names.")


def _chain(chain: list[x509.Certificate], context: ssl.SSLContext) -> Iterator[Finding]:
    for issued, issuer in pairwise(chain):
        try:
            issued.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            yield Finding(
                Status.FAIL,
                f"'{issued.subject.rfc4514_string()}' is not issued by the one after it in the file.",
                "Put the server's own certificate first, then each one's issuer.",
            )
            return
    if problem := _verification_problem(context):
        yield Finding(
            Status.WARN,
            f"Verification against this machine's certificate authorities fails: {problem}.",
            "If an authority of yours has issued it, give that one to the clients. Else add the intermediate "
            "certificates to the file.",
        )
    else:
        yield Finding(Status.OK, "This machine's certificate authorities trust it.")


def _verification_problem(serving: ssl.SSLContext) -> str:
    """Why a client that trusts the system's authorities refuses it, by a handshake in memory; empty if it does not."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False  # its names are not known here
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
            except ssl.SSLError as error:
                return str(error.reason or error)
    return ""
